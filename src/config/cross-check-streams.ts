/** Contradictions in and between streams. Their ports are compared in `cross-check-listeners.ts`. */
import { formatDuration } from '../base/duration.ts'
import type { Draft } from './draft.ts'
import {
  type StreamDraft,
  type StreamRouteDraft,
  type StreamServersDraft,
  titleOf,
} from './draft-stream.ts'
import type { Finding } from './finding.ts'
import { quote } from './quote.ts'

/** All findings about streams but for their ports. */
export function checkStreams(draft: Draft): readonly Finding[] {
  return [
    ...findDuplicateNames(draft),
    ...draft.streams.flatMap((stream) => [
      ...checkServers(stream.servers),
      ...findLockedOut(stream),
      ...findShortIdle(stream, draft.tunnelMs),
      ...findUnwantedHeader(stream),
      ...findLoop(stream),
      ...checkRoutes(stream),
    ]),
  ]
}

/** Logs, metrics and commands name pools and streams alike, and port troubles name listeners and streams alike. */
function findDuplicateNames({ streams, listeners, pools }: Draft): readonly Finding[] {
  const taken = new Map<string, string>()
  for (const { name } of listeners) if (name !== undefined) taken.set(name, 'listener')
  for (const { name } of pools) taken.set(name, 'pool')
  // The servers of a route are a pool of this name.
  for (const { name, routes } of streams)
    for (const route of routes) taken.set(`${name}/${route.name}`, 'route')
  return streams.flatMap(({ path, name }): Finding[] => {
    if (name === undefined) return []
    const other = taken.get(name)
    taken.set(name, other ?? 'stream')
    if (other === undefined) return []
    const message = `a ${other} ${quote(name)} is already there`
    return [{ code: 'duplicate-name', path: [...path, 'name'], message }]
  })
}

function checkServers({ path, owner, servers, count }: StreamServersDraft): readonly Finding[] {
  if (count === 0)
    return [{ code: 'pool-without-servers', path, message: `${owner} has no servers` }]
  const seen = new Set<string>()
  return servers.flatMap(({ path: where, value: { address, port } }): Finding[] => {
    const key = `${address} ${port}`
    if (!seen.has(key)) {
      seen.add(key)
      return []
    }
    const message = `${quote(`${address}:${port}`)} is already a server of ${owner}`
    const hint = 'a server takes more connections with a higher weight'
    return [{ code: 'duplicate-server', path: where, message, hint }]
  })
}

function findLockedOut({ path, name, allowCount }: StreamDraft): readonly Finding[] {
  if (allowCount !== 0) return []
  return [
    {
      code: 'nobody-allowed',
      path: [...path, 'allow'],
      message: `nobody may connect to ${titleOf('stream', name)}`,
      hint: 'name addresses and networks, or leave "allow" out to let everyone in',
    },
  ]
}

const sipPorts: ReadonlySet<number | undefined> = new Set([5060, 5061])

const isSip = ({ listen, servers }: StreamDraft): boolean =>
  sipPorts.has(listen) || servers.servers.some(({ value }) => sipPorts.has(value.port))

/** Load balancing requirements of Lync and Skype for Business: TCP idle time 1800 s, SIP included. */
const leastIdleMs = 1_800_000

function findShortIdle(stream: StreamDraft, tunnelMs: number | undefined): readonly Finding[] {
  const { path, idleMs } = stream
  const effectiveMs = idleMs ?? tunnelMs
  if (!isSip(stream) || effectiveMs === undefined || effectiveMs >= leastIdleMs) return []
  return [
    {
      code: 'short-timeout',
      path: idleMs === undefined ? ['timeouts', 'tunnel'] : [...path, 'idle'],
      message: `${quote(formatDuration(effectiveMs))} is short: SIP servers keep silent connections and would open them again and again`,
      hint: 'Microsoft asks for 1800 s: write 30m or more',
    },
  ]
}

/** Neither Lync nor any other SIP server of these knows PROXY headers; TLS fails at the first byte. */
function findUnwantedHeader(stream: StreamDraft): readonly Finding[] {
  const { path, proxyProtocol } = stream
  if (proxyProtocol === undefined || proxyProtocol === 'off' || !isSip(stream)) return []
  return [
    {
      code: 'proxy-header-to-sip',
      path: [...path, 'proxyProtocol'],
      message: 'Edge servers and other SIP servers do not understand PROXY headers',
      hint: 'leave it out, unless what listens there is a proxy that expects the header',
    },
  ]
}

const here: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

function findLoop({ address, listen, servers, routes }: StreamDraft): readonly Finding[] {
  if (listen === undefined || address === undefined) return []
  const own = (server: string): boolean =>
    server === address || ((address === '0.0.0.0' || address === '::') && here.has(server))
  return [servers, ...routes.map((route) => route.servers)].flatMap((list) =>
    list.servers
      .filter(({ value }) => value.port === listen && own(value.address))
      .map(({ path, value }) => ({
        code: 'stream-to-itself' as const,
        path,
        message: `${quote(`${value.address}:${value.port}`)} is the stream itself`,
        hint: 'name the server behind, or let it listen on another port',
      })),
  )
}

function checkRoutes({ routes }: StreamDraft): readonly Finding[] {
  const names = new Set<string>()
  const hosts = new Map<string, string>()
  return routes.flatMap((route): Finding[] => [
    ...checkServers(route.servers),
    ...findBoundless(route),
    ...findRepeatedName(route, names),
    ...findShadowedHosts(route, hosts),
  ])
}

function findBoundless({ path, name, hasSni, hasAlpn }: StreamRouteDraft): readonly Finding[] {
  if (hasSni || hasAlpn) return []
  return [
    {
      code: 'route-without-condition',
      path,
      message: `${titleOf('route', name)} has neither sni nor alpn`,
      hint: 'servers for all other connections stand under "servers" of the stream',
    },
  ]
}

function findRepeatedName({ path, name }: StreamRouteDraft, seen: Set<string>): readonly Finding[] {
  if (name === undefined) return []
  if (!seen.has(name)) {
    seen.add(name)
    return []
  }
  const message = `a route ${quote(name)} is already there`
  return [{ code: 'duplicate-name', path: [...path, 'name'], message }]
}

/** @param seen the route of each name that leads to it whatever protocol is offered */
function findShadowedHosts(
  { sni, name = '', hasAlpn }: StreamRouteDraft,
  seen: Map<string, string>,
): readonly Finding[] {
  return sni.flatMap(({ path, value }): Finding[] => {
    const other = seen.get(value)
    if (!hasAlpn && other === undefined) seen.set(value, name)
    if (other === undefined) return []
    const message = `${quote(value)} leads to the route ${quote(other)} already`
    return [{ code: 'duplicate-host', path, message }]
  })
}
