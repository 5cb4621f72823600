/** Compiles the streams: each has pools of its own, one for itself and one per route. */
import { createSecureContext } from 'node:tls'
import type { Rules, StreamRouteRule, StreamRule, StreamServerRule } from '../config/rules.ts'
import type { Pool } from '../pools/pool.ts'
import { affinityKeyOf, type BackendTls, type Server } from '../pools/server.ts'
import type { ServerDraft, ServerRegistry } from '../pools/server-registry.ts'
import { RoutingTable } from '../routing/routing-table.ts'
import type { Stream, StreamRoute } from '../streams/stream.ts'
import { addressList } from './address-list.ts'
import { checkOf } from './build-checks.ts'
import { streamPort } from './wanted-ports.ts'

export interface StreamScope {
  readonly rules: Rules
  readonly revision: number
  readonly registry: ServerRegistry
  readonly servers: ServerDraft
}

/** By the key of the port that leads to it. */
export const buildStreams = (scope: StreamScope): ReadonlyMap<string, Stream> =>
  new Map(scope.rules.streams.map((rule) => [streamPort(rule).key, streamOf(rule, scope)]))

/** Every pool of every stream. */
export const poolsOfStreams = (streams: ReadonlyMap<string, Stream>): readonly Pool[] =>
  [...streams.values()].flatMap(({ pool, routes }) => [pool, ...routes.map((route) => route.pool)])

function streamOf(rule: StreamRule, scope: StreamScope): Stream {
  const { name, idleMs, connections, connectionsPerClient, proxyHeader, allow } = rule
  const { timeouts } = scope.rules
  return {
    name,
    revision: scope.revision,
    pool: poolOf(name, rule, rule.servers, scope),
    routes: rule.routes.map((route) => routeOf(route, rule, scope)),
    isAllowed: allow ? addressList(allow) : () => true,
    limits: { connections, connectionsPerClient },
    proxyHeader,
    times: { idleMs, connectMs: timeouts.connectMs, helloMs: timeouts.handshakeMs },
  }
}

function routeOf(route: StreamRouteRule, rule: StreamRule, scope: StreamScope): StreamRoute {
  const { name, serverNames, protocols, servers } = route
  const names = new RoutingTable(serverNames.map((serverName) => [serverName, true] as const))
  return {
    name,
    pool: poolOf(`${rule.name}/${name}`, rule, servers, scope),
    isOwnName: serverNames.length === 0 ? undefined : (each) => names.match(each) !== undefined,
    protocols,
  }
}

function poolOf(
  name: string,
  { affinity, health }: StreamRule,
  servers: readonly StreamServerRule[],
  scope: StreamScope,
): Pool {
  return {
    name,
    servers: servers.map((server) => serverOf(name, server, health, scope)),
    affinity,
    rewriteLocation: false,
    lastResort: health.lastResort,
    byAffinityKey: new Map(),
  }
}

function serverOf(
  pool: string,
  { address, port, weight, isDrainedByFile }: StreamServerRule,
  health: StreamRule['health'],
  { servers, registry }: StreamScope,
): Server {
  const place = `${pool}/${address}:${port}`
  const server = { address, httpPort: port, httpsPort: port, weight, isDrainedByFile }
  // Nobody here speaks TLS to a server of a stream: a context without roots would trust nobody.
  const secureContext = servers.trustOf('streams', () => createSecureContext({ ca: [] }))
  const tls: BackendTls = { secureContext, serverName: address, insecureSkipVerify: false }
  return {
    ...server,
    tls,
    check: checkOf(health, { server, tls, host: undefined, trust: [] }, registry),
    affinityKey: affinityKeyOf(pool, address, port),
    facts: servers.factsOf(JSON.stringify(['stream', pool, address, port]), place),
  }
}
