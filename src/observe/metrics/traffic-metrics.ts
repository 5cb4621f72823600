/** Counts what comes in from clients. One per process, for its whole life; a reload only changes the rules. */
import type { FailureCode } from '../../base/failure.ts'
import { ExchangeMetrics } from './exchange-metrics.ts'
import { HandshakeMetrics } from './handshake-metrics.ts'
import { type MetricJson, metricJson, plainMetric } from './metric-json.ts'
import { SignInMetrics } from './sign-in-metrics.ts'

export class TrafficMetrics {
  readonly exchanges = new ExchangeMetrics()
  readonly handshakes = new HandshakeMetrics()
  readonly signIns = new SignInMetrics()
  readonly #unreadable = new Map<FailureCode, number>()
  #refusedConnections = 0

  /** Bytes that are not a request were refused. */
  recordUnreadable(outcome: FailureCode): void {
    this.#unreadable.set(outcome, (this.#unreadable.get(outcome) ?? 0) + 1)
  }

  /** A connection was refused because a limit was reached. */
  recordRefusedConnection(): void {
    this.#refusedConnections++
  }

  collect(): readonly MetricJson[] {
    return [
      ...this.exchanges.collect(),
      metricJson(
        'lyncgate_unreadable_requests_total',
        [...this.#unreadable].map(([outcome, value]) => ({ labels: { outcome }, value })),
      ),
      plainMetric('lyncgate_connections_refused_total', this.#refusedConnections),
      ...this.handshakes.collect(),
      ...this.signIns.collect(),
    ]
  }
}
