/** Counts tries of passwords and what became of them. One per process that serves. */
import { type MetricJson, metricJson } from './metric-json.ts'

const VERDICTS = ['pass', 'blocked', 'throttled'] as const
const OUTCOMES = ['succeeded', 'failed', 'unknown'] as const

export class SignInMetrics {
  readonly #verdicts = { pass: 0, blocked: 0, throttled: 0 }
  readonly #outcomes = { succeeded: 0, failed: 0, unknown: 0 }

  /** The guard has decided about a try. */
  record(verdict: (typeof VERDICTS)[number]): void {
    this.#verdicts[verdict]++
  }

  /** A server has answered one that was passed on, or will not. */
  recordOutcome(outcome: (typeof OUTCOMES)[number]): void {
    this.#outcomes[outcome]++
  }

  collect(): readonly MetricJson[] {
    return [
      metricJson('lyncgate_sign_in_attempts_total', [
        { labels: { outcome: 'passed' }, value: this.#verdicts.pass },
        { labels: { outcome: 'user-blocked' }, value: this.#verdicts.blocked },
        { labels: { outcome: 'client-throttled' }, value: this.#verdicts.throttled },
      ]),
      metricJson(
        'lyncgate_sign_ins_total',
        OUTCOMES.map((outcome) => ({ labels: { outcome }, value: this.#outcomes[outcome] })),
      ),
    ]
  }
}
