/** Counts questions to OCSP responders. Kept by whoever asks, and only there: in one process of several. */
import { type MetricJson, metricJson } from './metric-json.ts'

const OUTCOMES = ['good', 'revoked', 'unknown', 'unusable', 'unreachable'] as const

export type OcspOutcome = (typeof OUTCOMES)[number]

/** What there is of one certificate. */
export interface OcspReading {
  /** The first name in the certificate. */
  readonly name: string
  /** Wall-clock milliseconds; undefined: there is nothing to staple. */
  readonly expiresAtMs: number | undefined
}

export class OcspMetrics {
  readonly #counts = new Map<OcspOutcome, number>()

  record(outcome: OcspOutcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1)
  }

  /** Of certificates with the same first name the one that ends first counts. */
  collect(readings: readonly OcspReading[]): readonly MetricJson[] {
    const expiries = new Map<string, number>()
    for (const { name, expiresAtMs = 0 } of readings)
      expiries.set(name, Math.min(expiries.get(name) ?? Number.POSITIVE_INFINITY, expiresAtMs))
    return [
      metricJson(
        'lyncgate_ocsp_response_expiry_timestamp_seconds',
        [...expiries].map(([name, expiresAtMs]) => ({
          labels: { name },
          value: expiresAtMs / 1000,
        })),
      ),
      metricJson(
        'lyncgate_ocsp_fetches_total',
        OUTCOMES.map((outcome) => ({
          labels: { outcome },
          value: this.#counts.get(outcome) ?? 0,
        })),
      ),
    ]
  }
}
