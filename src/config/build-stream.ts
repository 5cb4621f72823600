/** Makes a `StreamRule` of a stream in which every check found nothing wrong. */
import type { PoolHealthRule, StreamRule, StreamServerRule } from './rules.ts'
import type { WrittenRules } from './schema.ts'

type WrittenStream = WrittenRules['streams'][number]
type WrittenServer = WrittenStream['servers'][number]

/** @param tunnelMs how long a connection may be silent where the stream does not say */
export function buildStream(stream: WrittenStream, tunnelMs: number): StreamRule {
  const { name, address, listen, affinity, idle = tunnelMs, proxyProtocol, allow } = stream
  return {
    name,
    address,
    port: listen,
    servers: stream.servers.map(buildServer),
    routes: stream.routes.map((route) => ({
      name: route.name,
      serverNames: route.sni,
      protocols: route.alpn,
      servers: route.servers.map(buildServer),
    })),
    affinity,
    idleMs: idle,
    proxyHeader: proxyProtocol,
    allow: allow && [...new Set(allow)],
    connections: stream.connections ?? Number.POSITIVE_INFINITY,
    connectionsPerClient: stream.connectionsPerClient ?? Number.POSITIVE_INFINITY,
    health: buildHealth(stream),
  }
}

function buildServer(server: WrittenServer): StreamServerRule {
  const { address, port } = server
  if (!('weight' in server)) return { address, port, weight: 1, isDrainedByFile: false }
  return { address, port, weight: server.weight, isDrainedByFile: server.drain }
}

/** As for pools: a check that nobody asked for must not take a whole stream away. */
function buildHealth({ health }: WrittenStream): PoolHealthRule {
  const { check, interval, timeout, rise, fall, lastResort = check === undefined } = health
  return {
    check: check === 'none' ? { kind: 'none' } : { kind: 'tcp', port: undefined },
    intervalMs: interval,
    timeoutMs: timeout,
    rise,
    fall,
    lastResort,
  }
}
