/** Contradictions between listeners: names, ports, certificates. */
import { isIPv4 } from 'node:net'
import type { Draft, ListenerDraft } from './draft.ts'
import { type StreamDraft, titleOf } from './draft-stream.ts'
import type { Finding } from './finding.ts'
import { isLoopback } from './network.ts'
import type { KeyPath } from './problem.ts'
import { quote } from './quote.ts'

/** All findings about listeners, and about the ports of streams, health and administrators. */
export function checkListeners(draft: Draft): readonly Finding[] {
  return [
    ...findNoListeners(draft),
    ...findPortless(draft),
    ...findDuplicateNames(draft),
    ...findClashes(draft),
    ...findMissingCertificates(draft),
    ...findMissingProxies(draft),
    ...findAcmeWithoutHttp(draft),
    ...findExposedAdmin(draft),
  ]
}

function findNoListeners({ listenerCount }: Draft): readonly Finding[] {
  if (listenerCount !== 0) return []
  const hint = 'for example { name: internet, http: 80, https: 443 }'
  return [{ code: 'no-listeners', path: ['listeners'], message: 'there is no listener', hint }]
}

function findPortless({ listeners }: Draft): readonly Finding[] {
  return listeners
    .filter((listener) => !listener.hasHttp && !listener.hasHttps)
    .map((listener) => ({
      code: 'listener-without-port',
      path: listener.path,
      message: `${nameOf(listener)} has neither http nor https`,
      hint: 'add "https: 443", "http: 80" or both',
    }))
}

function findDuplicateNames({ listeners }: Draft): readonly Finding[] {
  const seen = new Set<string>()
  return listeners.flatMap(({ name, path }): Finding[] => {
    if (name === undefined) return []
    if (!seen.has(name)) {
      seen.add(name)
      return []
    }
    const message = `a listener ${quote(name)} is already there`
    return [{ code: 'duplicate-name', path: [...path, 'name'], message }]
  })
}

function findMissingCertificates(draft: Draft): readonly Finding[] {
  const { listeners, hasCertificates, hasAcme } = draft
  if (hasCertificates || hasAcme) return []
  return listeners
    .filter((listener) => listener.hasHttps)
    .map((listener) => ({
      code: 'no-certificates',
      path: [...listener.path, 'https'],
      message: `${nameOf(listener)} speaks HTTPS without a certificate`,
      hint: 'add a certificate under "certificates" or "acme", or leave https out',
    }))
}

function findMissingProxies({ listeners, trustedProxyCount }: Draft): readonly Finding[] {
  if (trustedProxyCount !== 0) return []
  return listeners
    .filter((listener) => listener.proxyProtocol === 'required')
    .map((listener) => ({
      code: 'no-trusted-proxies',
      path: [...listener.path, 'proxyProtocol'],
      message: `nobody could connect to ${nameOf(listener)}: there are no trusted proxies`,
      hint: 'name the addresses of the load balancers under "trustedProxies"',
    }))
}

/** Authorities look at port 80 of the name that they are asked for (RFC 8555 8.3). */
function findAcmeWithoutHttp({ listeners, listenerCount, hasAcme }: Draft): readonly Finding[] {
  if (!hasAcme || !listenerCount || listeners.some(({ hasHttp }) => hasHttp)) return []
  const message = 'no listener has "http", where the authority looks before it issues'
  const hint = 'add "http: 80" to the listener that the Internet reaches'
  return [{ code: 'acme-without-http', path: ['acme'], at: 'key', message, hint }]
}

/** Whoever may drain servers must be known, and what he sends must not be read on the way. */
function findExposedAdmin({ admin }: Draft): readonly Finding[] {
  if (admin?.address === undefined || isLoopback(admin.address)) return []
  const missing = [...(admin.hasToken ? [] : ['token']), ...(admin.hasTls ? [] : ['tls'])]
  if (missing.length === 0) return []
  const message = `the admin address ${quote(admin.address)} is not loopback and has no ${missing.join(' and no ')}`
  const hint = 'add "token: FILE" and "tls: { cert: FILE, key: FILE }", or use 127.0.0.1'
  return [{ code: 'admin-exposed', path: ['admin', 'address'], message, hint }]
}

/** A port that somebody wants to open. */
interface Endpoint {
  readonly path: KeyPath
  /** For messages: `http of the listener "internet"`. */
  readonly title: string
  readonly address: string
  readonly port: number
}

function findClashes(draft: Draft): readonly Finding[] {
  const byPort = new Map<number, Endpoint[]>()
  return listEndpoints(draft).flatMap((endpoint) => {
    const earlier = byPort.get(endpoint.port) ?? []
    byPort.set(endpoint.port, [...earlier, endpoint])
    const other =
      earlier.find((each) => rateClash(endpoint, each) === 'port-clash') ??
      earlier.find((each) => rateClash(endpoint, each) !== undefined)
    const code = other && rateClash(endpoint, other)
    return code ? [explainClash(code, endpoint, other)] : []
  })
}

function listEndpoints({ listeners, streams, health, admin }: Draft): readonly Endpoint[] {
  const endpoints = [
    ...listeners.flatMap((listener) => [
      ...toEndpoint(listener, 'http'),
      ...toEndpoint(listener, 'https'),
    ]),
    ...streams.flatMap(streamEndpoint),
  ]
  if (health) endpoints.push({ ...health, path: ['health'], title: 'health' })
  const { address, port } = admin ?? {}
  if (address !== undefined && port !== undefined)
    endpoints.push({ address, port, path: ['admin'], title: 'admin' })
  return endpoints
}

function toEndpoint(listener: ListenerDraft, key: 'http' | 'https'): readonly Endpoint[] {
  const { path, address, [key]: port } = listener
  if (address === undefined || port === undefined) return []
  return [{ path: [...path, key], title: `${key} of ${nameOf(listener)}`, address, port }]
}

function streamEndpoint({ path, name, address, listen }: StreamDraft): readonly Endpoint[] {
  if (address === undefined || listen === undefined) return []
  const title = titleOf('stream', name)
  return [{ path: [...path, 'listen'], title, address, port: listen }]
}

type Clash = 'port-clash' | 'port-may-clash'

/**
 * A wildcard takes the port on every address of its family. Whether `::` takes IPv4 too depends on
 * the system (net.ipv6.bindv6only); on most it does.
 */
function rateClash(one: Endpoint, other: Endpoint): Clash | undefined {
  if (one.address === other.address) return 'port-clash'
  const addresses = [one.address, other.address]
  const isSameFamily = isIPv4(one.address) === isIPv4(other.address)
  if (!isSameFamily) return addresses.includes('::') ? 'port-may-clash' : undefined
  return addresses.includes('0.0.0.0') || addresses.includes('::') ? 'port-clash' : undefined
}

function explainClash(code: Clash, endpoint: Endpoint, other: Endpoint): Finding {
  const { path, address, port } = endpoint
  const verb = code === 'port-clash' ? 'is' : 'may be'
  const message = `port ${port} on ${quote(address)} ${verb} taken by ${other.title}`
  if (code === 'port-clash') return { code, path, message }
  return { code, path, message, hint: 'on most systems "::" alone serves IPv4 as well' }
}

const nameOf = ({ name }: ListenerDraft): string =>
  name === undefined ? 'a listener without a name' : `the listener ${quote(name)}`
