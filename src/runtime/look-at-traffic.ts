/** What goes on in one process at this moment, small enough to be asked for every other second. */
import type { RuleSum } from '../observe/metrics/exchange-metrics.ts'
import type { TrafficMetrics } from '../observe/metrics/traffic-metrics.ts'
import type { TakenExchanges } from '../observe/recent-exchanges.ts'
import type { ClientConnection } from '../pipeline/client-connection.ts'
import { isLongPoll } from './collect-metrics.ts'

export interface LookWish {
  /** The exchanges that have ended since they were taken last, too. There is one taker. */
  readonly takesRecent: boolean
}

/** What runs under one rule; the empty name stands for no rule. */
export interface RuleLoad extends RuleSum {
  /** Exchanges in progress, long polls and tunnels included. */
  readonly running: number
  readonly longPolls: number
  readonly tunnels: number
}

export interface TrafficLook {
  /** Tells processes apart: a replacement is another one. Counters are those of this process alone. */
  readonly process: number
  readonly rules: readonly RuleLoad[]
  /** Client connections, streams included. */
  readonly connections: number
  /** Open connections by stream. */
  readonly streams: Readonly<Record<string, number>>
  /** Refusals that belong to no exchange, by code, since the start. */
  readonly unreadable: Readonly<Record<string, number>>
  readonly refusedConnections: number
  /** Undefined: not asked for. */
  readonly recent: TakenExchanges | undefined
}

export interface LookScope {
  readonly traffic: TrafficMetrics
  readonly connections: readonly ClientConnection[]
  /** Streams included. */
  readonly openConnections: number
  readonly streams: ReadonlyMap<string, { readonly open: number }>
  readonly recent: TakenExchanges | undefined
  /** Monotonic milliseconds. */
  readonly nowMs: number
}

interface Running {
  running: number
  longPolls: number
  tunnels: number
}

/** The process has no number yet: who asked for it knows. */
export function lookAtTraffic(scope: LookScope): Omit<TrafficLook, 'process'> {
  const { traffic, connections, nowMs } = scope
  const { exchanges } = traffic
  const byRule = new Map<string, Running>()
  for (const { exchange } of connections) {
    if (!exchange) continue
    const label = exchanges.labelOf(exchange.route?.rule)
    const counts = byRule.get(label) ?? { running: 0, longPolls: 0, tunnels: 0 }
    byRule.set(label, counts)
    counts.running++
    if (exchange.report.status === 101) counts.tunnels++
    else if (isLongPoll(exchange, nowMs)) counts.longPolls++
  }
  const none: Running = { running: 0, longPolls: 0, tunnels: 0 }
  return {
    rules: exchanges.sumUp().map((sum) => ({ ...sum, ...(byRule.get(sum.rule) ?? none) })),
    connections: scope.openConnections,
    streams: Object.fromEntries([...scope.streams].map(([name, { open }]) => [name, open])),
    unreadable: traffic.unreadable,
    refusedConnections: traffic.refusedConnections,
    recent: scope.recent,
  }
}
