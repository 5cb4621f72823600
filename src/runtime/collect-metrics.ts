/** The metrics of one process. Gauges are read from the live objects here, when somebody asks, and nowhere kept up. */
import type { ExchangeMetrics } from '../observe/metrics/exchange-metrics.ts'
import { type MetricJson, metricJson, plainMetric } from '../observe/metrics/metric-json.ts'
import type { TrafficMetrics } from '../observe/metrics/traffic-metrics.ts'
import type { ClientConnection } from '../pipeline/client-connection.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import { isEjected } from '../pools/ejection.ts'
import type { Pool } from '../pools/pool.ts'
import { isDraining, serverName } from '../pools/server.ts'
import type { Assembled } from './assemble.ts'

export interface Readings {
  readonly traffic: TrafficMetrics
  /** The configuration in force. */
  readonly configuration: Pick<Assembled, 'rules' | 'snapshot' | 'pools' | 'certificates'>
  readonly connections: readonly ClientConnection[]
  /** Accepted TCP connections, those in the handshake included. */
  readonly openSockets: number
  /** Monotonic milliseconds. */
  readonly nowMs: number
}

/** An answer that takes longer is being waited for on purpose, as a rule. */
export const LONG_POLL_MS = 10_000

export function collectMetrics(readings: Readings): readonly MetricJson[] {
  const { traffic, configuration } = readings
  return [
    ...traffic.collect(),
    ...runningExchanges(readings),
    ...clientConnections(readings),
    ...serverMetrics([...configuration.pools.values()], readings.nowMs),
    metricJson(
      'lyncgate_certificate_not_after_timestamp_seconds',
      configuration.certificates.map(({ names: [name = ''], notAfter }) => ({
        labels: { name },
        value: notAfter.getTime() / 1000,
      })),
    ),
    plainMetric('lyncgate_configuration_revision', configuration.snapshot.revision),
  ]
}

function runningExchanges({ traffic, configuration, connections, nowMs }: Readings) {
  const running = connections.flatMap(({ exchange }) => exchange ?? [])
  const rules = configuration.rules.rules.map(({ name }) => name)
  const count = (counts: (exchange: Exchange) => boolean) =>
    countByRule(running.filter(counts), rules, traffic.exchanges)
  return [
    metricJson(
      'lyncgate_running_exchanges',
      count(() => true),
    ),
    metricJson(
      'lyncgate_long_polls',
      count((exchange) => isLongPoll(exchange, nowMs)),
    ),
    metricJson('lyncgate_tunnels', count(isTunnel)),
  ]
}

function countByRule(
  running: readonly Exchange[],
  rules: readonly string[],
  exchanges: ExchangeMetrics,
) {
  const counts = zeros([...rules, exchanges.labelOf(undefined)])
  for (const { route } of running) countOne(counts, exchanges.labelOf(route?.rule))
  return [...counts].map(([rule, value]) => ({ labels: { rule }, value }))
}

const isTunnel = ({ report }: Exchange): boolean => report.status === 101

/** The whole request has been sent and the server keeps silent. An upload that takes its time is none. */
export function isLongPoll({ req, report, startedAtMs }: Exchange, nowMs: number): boolean {
  const isWaiting = report.server !== undefined && report.status === 0 && req.complete
  return isWaiting && nowMs - startedAtMs > LONG_POLL_MS
}

function clientConnections({ configuration, connections, openSockets }: Readings) {
  const byListener = zeros(configuration.rules.listeners.map(({ name }) => name))
  const pins = zeros(configuration.pools.keys())
  for (const { arrival, backends } of connections) {
    countOne(byListener, arrival.listener)
    // A pool that is gone from the file is not named any more; its last pins end soon.
    for (const pool of backends.pinnedPools)
      countOne(pins, configuration.pools.has(pool) ? pool : '')
  }
  return [
    metricJson(
      'lyncgate_client_connections',
      [...byListener].map(([listener, value]) => ({ labels: { listener }, value })),
    ),
    plainMetric('lyncgate_handshakes_in_progress', Math.max(0, openSockets - connections.length)),
    metricJson(
      'lyncgate_pins',
      [...pins].map(([pool, value]) => ({ labels: { pool }, value })),
    ),
  ]
}

function serverMetrics(pools: readonly Pool[], nowMs: number): readonly MetricJson[] {
  const servers = pools.flatMap((pool) =>
    pool.servers.map((server) => ({
      labels: { pool: pool.name, server: serverName(server) },
      server,
    })),
  )
  const each = (read: (server: Pool['servers'][number]) => number) =>
    servers.map(({ labels, server }) => ({ labels, value: read(server) }))
  const connects = servers.flatMap(
    ({
      labels,
      server: {
        facts: { counts },
      },
    }) => [
      { labels: { ...labels, outcome: 'connected' }, value: counts.connects },
      { labels: { ...labels, outcome: 'failed' }, value: counts.connectFailures },
    ],
  )
  return [
    metricJson(
      'lyncgate_server_in_flight',
      each(({ facts }) => facts.inFlight),
    ),
    metricJson(
      'lyncgate_server_healthy',
      each(({ check }) => Number(check === undefined || check.health.status === 'healthy')),
    ),
    metricJson(
      'lyncgate_server_ejected',
      each(({ facts }) => Number(isEjected(facts.ejection, nowMs))),
    ),
    metricJson(
      'lyncgate_server_draining',
      each((server) => Number(isDraining(server))),
    ),
    metricJson(
      'lyncgate_server_ejections_total',
      each(({ facts }) => facts.counts.ejections),
    ),
    metricJson('lyncgate_server_connects_total', connects),
  ]
}

const zeros = (names: Iterable<string>): Map<string, number> =>
  new Map([...names].map((name) => [name, 0]))

const countOne = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
