/** Asks every worker what goes on in it. One that does not answer is not asked again before it has. */
import type { LookWish, TrafficLook } from '../runtime/look-at-traffic.ts'
import { DIED, type WorkerProcess } from './worker-process.ts'

/** So long is waited for those that are silent; what they say later comes with the next look. */
const WAIT_MS = 1_000

export class WorkersLook {
  readonly #asked = new Map<WorkerProcess, Promise<void>>()
  #answers: TrafficLook[] = []

  /** Resolves with what has been answered, also by a worker that was asked before. */
  async look(workers: readonly WorkerProcess[], wish: LookWish): Promise<readonly TrafficLook[]> {
    for (const worker of workers)
      if (worker.isServing && !this.#asked.has(worker)) this.#ask(worker, wish)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS)
    })
    await Promise.race([Promise.all(this.#asked.values()), late])
    clearTimeout(timer)
    const answers = this.#answers
    this.#answers = []
    return answers
  }

  #ask(worker: WorkerProcess, wish: LookWish): void {
    const asked = worker.ask({ kind: 'look', ...wish }).then((answer) => {
      this.#asked.delete(worker)
      if (answer === DIED || answer === undefined) return
      const look = answer as Omit<TrafficLook, 'process'>
      this.#answers.push({ ...look, process: worker.number })
    })
    this.#asked.set(worker, asked)
  }
}
