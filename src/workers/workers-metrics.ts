/** The metrics of all workers, living and departed. */
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import { WorkerMetrics } from '../observe/metrics/worker-metrics.ts'
import { DIED, type WorkerProcess } from './worker-process.ts'

/** A worker that is silent for so long is scraped without: its last metrics stand. */
const WAIT_MS = 1_000

export class WorkersMetrics {
  readonly #kept = new WorkerMetrics()
  #asking: Promise<unknown> | undefined

  join({ number }: WorkerProcess): void {
    this.#kept.join(number)
  }

  leave({ number }: WorkerProcess): void {
    this.#kept.leave(number)
  }

  /** One part per worker, and one for those that are no more. */
  async collect(workers: readonly WorkerProcess[]): Promise<readonly (readonly MetricJson[])[]> {
    // Many who ask at once cost the workers no more than one.
    this.#asking ??= Promise.all(workers.map((worker) => this.update(worker))).finally(() => {
      this.#asking = undefined
    })
    await this.#asking
    return this.#kept.parts()
  }

  /** Resolves also when the worker does not answer. */
  async update(worker: WorkerProcess): Promise<void> {
    const asked = worker.ask({ kind: 'collect' }).then((answer) => {
      // A late answer is as good as one in time.
      if (answer !== DIED) this.#kept.update(worker.number, answer as readonly MetricJson[])
    })
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS)
    })
    await Promise.race([asked, late])
    clearTimeout(timer)
  }
}
