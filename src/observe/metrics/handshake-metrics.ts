/** Counts TLS handshakes with clients. */
import { type MetricJson, metricJson } from './metric-json.ts'

/** Why a handshake did not come about. */
export type HandshakeFailure = 'name-refused' | 'timeout' | 'client-left' | 'failed' | 'shed'

/** Shown from the start; older versions when they are seen first. OpenSSL knows a handful. */
const USUAL_VERSIONS = ['TLSv1.2', 'TLSv1.3']

export class HandshakeMetrics {
  readonly #done = new Map(USUAL_VERSIONS.map((version) => [version, 0]))
  readonly #resumed = new Map(this.#done)
  readonly #failed: Record<HandshakeFailure, number> = {
    'name-refused': 0,
    timeout: 0,
    'client-left': 0,
    failed: 0,
    shed: 0,
  }

  /** @param version as Node's `getProtocol` says it */
  recordDone(version: string, isResumed: boolean): void {
    this.#done.set(version, (this.#done.get(version) ?? 0) + 1)
    this.#resumed.set(version, (this.#resumed.get(version) ?? 0) + (isResumed ? 1 : 0))
  }

  recordFailure(failure: HandshakeFailure): void {
    this.#failed[failure]++
  }

  collect(): readonly MetricJson[] {
    const failed = Object.entries(this.#failed)
    return [
      metricJson('lyncgate_tls_handshakes_total', [
        ...[...this.#done].map(([version, value]) => ({
          labels: { version, outcome: 'done' },
          value,
        })),
        ...failed.map(([outcome, value]) => ({ labels: { version: '', outcome }, value })),
      ]),
      metricJson(
        'lyncgate_tls_resumptions_total',
        [...this.#resumed].map(([version, value]) => ({ labels: { version }, value })),
      ),
    ]
  }
}

/** An error of Node or OpenSSL, as one of few words: there are hundreds of them. */
export function handshakeFailureOf(code: string | undefined): HandshakeFailure {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout'
  return code === 'ECONNRESET' || code === 'EPIPE' ? 'client-left' : 'failed'
}
