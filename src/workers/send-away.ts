/** Workers that are not wanted any more. */
import type { Logger } from '../observe/logger.ts'
import { END_GRACE_MS, leaveWith } from './ask-workers.ts'
import type { WorkerProcess } from './worker-process.ts'

/** They take no more connections and end when their last one has gone, at the latest after the drain time. */
export function sendAway(surplus: readonly WorkerProcess[], drainMs: number, logger: Logger): void {
  for (const worker of surplus) {
    worker.isLeaving = true
    const { number, pid, pulse } = worker
    logger.info({ worker: number, pid, connections: pulse.connections.open }, 'worker leaves')
    void leaveWith(worker)
    const timer = setTimeout(() => void worker.end(END_GRACE_MS), drainMs)
    timer.unref()
  }
}
