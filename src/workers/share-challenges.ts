/** What certificate authorities may ask for: known to this process, answered by the workers. */
import { ChallengeStore } from '../acme/challenge-store.ts'
import type { WorkerProcess } from './worker-process.ts'

/** A store that tells every worker what changes. */
export function shareChallenges(workers: ReadonlySet<WorkerProcess>): ChallengeStore {
  const challenges = new ChallengeStore()
  challenges.onChange = (change) => {
    for (const worker of workers) worker.tell({ kind: 'challenge', change })
  }
  return challenges
}

/** Tells a worker that begins what is in progress. */
export function tellChallenges(worker: WorkerProcess, challenges: ChallengeStore): void {
  for (const challenge of challenges.list())
    worker.tell({ kind: 'challenge', change: { kind: 'set', challenge } })
}
