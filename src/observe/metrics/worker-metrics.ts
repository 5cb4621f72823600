/** What the primary process adds: how many workers there are, and what those have counted that are no more. */
import { type MetricJson, plainMetric, type SampleJson } from './metric-json.ts'

export interface WorkerCounts {
  readonly up: number
  readonly wanted: number
  /** Workers that ended by themselves and were replaced, since the start. */
  readonly restarts: number
}

export const workerCountsJson = ({ up, wanted, restarts }: WorkerCounts): readonly MetricJson[] => [
  plainMetric('lyncgate_workers_up', up),
  plainMetric('lyncgate_workers_wanted', wanted),
  plainMetric('lyncgate_worker_restarts_total', restarts),
]

/** Labels whose values come from the file: their series end with what they name. */
const NAMES_OF_THE_FILE = ['rule', 'pool', 'server', 'listener', 'stream', 'name']

/**
 * Keeps the last metrics of each worker. When one ends, its counters stay: Prometheus takes a sum that has become
 * smaller for a restart, and counts all that is left as new. Its gauges end with it.
 */
export class WorkerMetrics {
  readonly #living = new Map<number, readonly MetricJson[]>()
  /** Counters and histograms of workers that are no more, by name. */
  readonly #departed = new Map<string, DepartedMetric>()

  /**
   * A worker has been started.
   * @param worker unique over restarts, as the id of node:cluster is
   */
  join(worker: number): void {
    this.#living.set(worker, [])
  }

  /** What a worker has collected. A message that comes after its end is too late: its counters are kept already. */
  update(worker: number, part: readonly MetricJson[]): void {
    if (this.#living.has(worker)) this.#living.set(worker, part)
  }

  /** The worker has ended. What it counted after its last `update` is lost. */
  leave(worker: number): void {
    const part = this.#living.get(worker)
    this.#living.delete(worker)
    for (const metric of part ?? []) if (metric.type !== 'gauge') this.#keep(metric)
  }

  /** For `renderMetrics`: one part per living worker, and one for all others. */
  parts(): readonly (readonly MetricJson[])[] {
    const living = [...this.#living.values()]
    if (living.some((part) => part.length > 0)) this.#dropGone(living)
    const departed = [...this.#departed.values()].map(({ metric, samples }) => ({
      ...metric,
      values: [...samples.values()],
    }))
    return [...living, departed]
  }

  #keep(metric: MetricJson): void {
    const departed = this.#departed.get(metric.name) ?? { metric, samples: new Map() }
    this.#departed.set(metric.name, departed)
    for (const sample of metric.values) {
      const key = keyOf(sample)
      const value = (departed.samples.get(key)?.value ?? 0) + sample.value
      departed.samples.set(key, { ...sample, value })
    }
  }

  /** Rules and servers that no living worker knows are no longer in the file. */
  #dropGone(living: readonly (readonly MetricJson[])[]): void {
    const known = namesIn(living.flat())
    for (const { samples } of this.#departed.values())
      for (const [key, { labels }] of samples)
        if (!nameOf(labels).every((name) => known.has(name))) samples.delete(key)
  }
}

interface DepartedMetric {
  readonly metric: MetricJson
  readonly samples: Map<string, SampleJson>
}

const keyOf = ({ metricName, labels }: SampleJson): string =>
  JSON.stringify([metricName, Object.entries(labels).sort()])

const namesIn = (metrics: readonly MetricJson[]): ReadonlySet<string> =>
  new Set(metrics.flatMap(({ values }) => values.flatMap(({ labels }) => nameOf(labels))))

const nameOf = (labels: SampleJson['labels']): readonly string[] =>
  NAMES_OF_THE_FILE.filter((label) => labels[label] !== undefined).map((label) =>
    JSON.stringify([label, labels[label]]),
  )
