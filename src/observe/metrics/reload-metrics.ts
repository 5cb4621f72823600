/** Counts reloads. Kept by whoever reloads, and only there: in one process of several. */
import { type MetricJson, metricJson, plainMetric } from './metric-json.ts'

const TRIGGERS = ['signal', 'file', 'command', 'acme'] as const
const OUTCOMES = ['reloaded', 'unchanged', 'failed', 'stopping'] as const

export interface EndedReload {
  readonly trigger: (typeof TRIGGERS)[number]
  readonly outcome: (typeof OUTCOMES)[number]
  readonly durationMs: number
  readonly now: Date
}

export class ReloadMetrics {
  readonly #counts = new Map<string, number>()
  #isSuccessful = true
  #succeededAt: Date
  #durationMs = 0

  /** @param startedAt when the configuration of the start was read */
  constructor(startedAt: Date) {
    this.#succeededAt = startedAt
  }

  record({ trigger, outcome, durationMs, now }: EndedReload): void {
    const key = keyOf(trigger, outcome)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    // Given up because the proxy ends: that says nothing about the files.
    if (outcome === 'stopping') return
    this.#durationMs = durationMs
    this.#isSuccessful = outcome !== 'failed'
    if (this.#isSuccessful) this.#succeededAt = now
  }

  collect(): readonly MetricJson[] {
    return [
      metricJson(
        'lyncgate_configuration_reloads_total',
        TRIGGERS.flatMap((trigger) =>
          OUTCOMES.map((outcome) => ({
            labels: { trigger, outcome },
            value: this.#counts.get(keyOf(trigger, outcome)) ?? 0,
          })),
        ),
      ),
      plainMetric('lyncgate_configuration_last_reload_successful', Number(this.#isSuccessful)),
      plainMetric(
        'lyncgate_configuration_last_reload_success_timestamp_seconds',
        this.#succeededAt.getTime() / 1000,
      ),
      plainMetric('lyncgate_configuration_last_reload_duration_seconds', this.#durationMs / 1000),
    ]
  }
}

const keyOf = (trigger: string, outcome: string): string => `${trigger} ${outcome}`
