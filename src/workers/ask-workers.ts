/** What a primary asks of a worker, with what its answer means. */
import type { Assembled } from '../runtime/assemble.ts'
import type { PrepareAnswer } from './messages.ts'
import type { DIED, WorkerProcess } from './worker-process.ts'

/** What a worker gets to end by itself. */
export const END_GRACE_MS = 2_000

/** It sends a pulse before it answers: from then on its count of connections is true and only falls. */
export async function leaveWith(worker: WorkerProcess): Promise<void> {
  await worker.ask({ kind: 'leave' })
  worker.hasLeft = true
}

export async function prepareOne(
  worker: WorkerProcess,
  { material }: Assembled,
): Promise<PrepareAnswer | typeof DIED> {
  return (await worker.ask({ kind: 'prepare', material })) as PrepareAnswer | typeof DIED
}

/** Workers that serve forget what they prepared, those that were started for it end. */
export async function discardAll(asked: readonly WorkerProcess[]): Promise<void> {
  await Promise.all(
    asked.map((worker) => {
      if (worker.isServing) return worker.ask({ kind: 'discard' })
      worker.isLeaving = true
      return worker.end(END_GRACE_MS)
    }),
  )
}
