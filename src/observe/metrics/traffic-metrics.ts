/** Counts what comes in from clients. One per process, for its whole life; a reload only changes the rules. */
import type { FailureCode } from '../../base/failure.ts'
import { ExchangeMetrics } from './exchange-metrics.ts'
import { HandshakeMetrics } from './handshake-metrics.ts'
import { type MetricJson, metricJson, plainMetric } from './metric-json.ts'
import { SignInMetrics } from './sign-in-metrics.ts'

/** What a connection was that was closed to make room; `stuck`: its client took nothing of an answer. */
export type ShedReason = 'unfinished' | 'idle' | 'signed-in' | 'stuck'

export class TrafficMetrics {
  readonly exchanges = new ExchangeMetrics()
  readonly handshakes = new HandshakeMetrics()
  readonly signIns = new SignInMetrics()
  readonly #unreadable = new Map<FailureCode, number>()
  #refusedConnections = 0
  readonly #shed: Record<ShedReason, number> = { unfinished: 0, idle: 0, 'signed-in': 0, stuck: 0 }

  /** Bytes that are not a request were refused. */
  recordUnreadable(outcome: FailureCode): void {
    this.#unreadable.set(outcome, (this.#unreadable.get(outcome) ?? 0) + 1)
  }

  /** A connection was refused because a limit was reached. */
  recordRefusedConnection(): void {
    this.#refusedConnections++
  }

  /** A connection was closed by us that might have come to something. */
  recordShed(reason: ShedReason): void {
    this.#shed[reason]++
  }

  /** Refusals that belong to no exchange, by their code. */
  get unreadable(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#unreadable)
  }

  /** Connections that were closed at once because a limit was reached. */
  get refusedConnections(): number {
    return this.#refusedConnections
  }

  collect(): readonly MetricJson[] {
    return [
      ...this.exchanges.collect(),
      metricJson(
        'lyncgate_unreadable_requests_total',
        [...this.#unreadable].map(([outcome, value]) => ({ labels: { outcome }, value })),
      ),
      plainMetric('lyncgate_connections_refused_total', this.#refusedConnections),
      metricJson(
        'lyncgate_connections_shed_total',
        Object.entries(this.#shed).map(([reason, value]) => ({ labels: { reason }, value })),
      ),
      ...this.handshakes.collect(),
      ...this.signIns.collect(),
    ]
  }
}
