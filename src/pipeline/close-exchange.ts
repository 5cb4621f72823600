/** The last step of every exchange, whatever happened: it is counted, and there is one access-log line. */
import type { FailureCode } from '../base/failure.ts'
import type { AccessLog, AccessRecord } from '../observe/access-log.ts'
import type { TrafficMetrics } from '../observe/metrics/traffic-metrics.ts'
import type { RecentExchanges } from '../observe/recent-exchanges.ts'
import { type Exchange, monotonicNow } from './exchange.ts'

/** Who hears of the end of an exchange. */
export interface ExchangeObservers {
  readonly accessLog: AccessLog
  readonly metrics: TrafficMetrics
  /** Left out: nobody can look at them. */
  readonly recent?: RecentExchanges | undefined
}

export function closeExchange(
  exchange: Exchange,
  outcome: FailureCode | 'done',
  { accessLog, metrics, recent }: ExchangeObservers,
): void {
  const record = recordOf(exchange, outcome)
  metrics.exchanges.record(record)
  accessLog(record, exchange)
  if (recent) recent.push(record, exchange.startedAtMs + record.totalMs)
  exchange.trace?.close(record)
}

/** What there is to be said of it now. */
export function recordOf(exchange: Exchange, outcome: FailureCode | 'done'): AccessRecord {
  const { report, connection, startedAtMs } = exchange
  return {
    id: exchange.id,
    revision: exchange.snapshot.revision,
    listener: connection.arrival.listener,
    tls: connection.arrival.isTls,
    client: exchange.clientAddress,
    method: exchange.req.method ?? '',
    host: exchange.host,
    target: exchange.target,
    userAgent: exchange.facts.userAgent,
    rule: exchange.route?.rule,
    pool: exchange.route?.pool.name,
    server: serverName(exchange),
    affinity: report.source,
    pinned: report.pinned,
    status: report.status,
    outcome,
    reason: report.reason,
    strict: exchange.strictWouldRefuse,
    diagnostics: report.diagnostics,
    requestBytes: report.requestBytes,
    responseBytes: report.responseBytes,
    connectMs: since(startedAtMs, report.connectedAtMs),
    firstByteMs: since(startedAtMs, report.firstByteAtMs),
    totalMs: rounded(monotonicNow() - startedAtMs),
  }
}

function serverName({ report: { server }, connection }: Exchange): string | undefined {
  return (
    server && `${server.address}:${connection.arrival.isTls ? server.httpsPort : server.httpPort}`
  )
}

const since = (start: number, at: number | undefined): number | undefined =>
  at === undefined ? undefined : rounded(at - start)

const rounded = (ms: number): number => Math.round(ms * 100) / 100
