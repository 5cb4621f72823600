/**
 * A world for preflights, written as text: a zone and its listeners, one a line.
 *
 *     _sipfederationtls._tcp.contoso.com SRV 0 0 5061 sip.contoso.com
 *     sip.contoso.com A 63.1.2.3
 *     sip.contoso.com CNAME edge.contoso.com
 *     _sip._tls.contoso.com FAIL ESERVFAIL
 *     LISTEN 63.1.2.3:5061 tls names=sip.contoso.com usages=serverAuth,clientAuth mutual=yes
 *     LISTEN 63.1.2.3:5060 sip
 *     LISTEN 63.1.2.3:443 web status=302 location=https://other.contoso.com/
 *     LISTEN 63.1.2.3:443 web host=meet.contoso.com path=/abs status=401 auth=NTLM cookie=MS-WSMAN=a;path=/ body=text
 *
 * The first line that fits host and path answers; a path ends in * for all below it. What is not there is not found or refused. `tls` also takes subject=, until=, from=, key=1024|ec, hash=SHA-1,
 * signer=root|self, versions=TLSv1.2,TLSv1.3, send=leaf (no intermediate), version=1.0, sni=only; a listener may be `tls` and `web` in two lines.
 */
import { type Lookup, mostRecords, type SrvRecord } from '../../src/preflight/dns.ts'
import { buildRoots } from '../../src/preflight/roots.ts'
import {
  type Endpoint,
  type Surroundings,
  type WebRequest,
  writeEndpoint,
} from '../../src/preflight/surroundings.ts'
import type { TlsAnswer } from '../../src/preflight/tls-probe.ts'
import type { WebAnswer } from '../../src/preflight/web-probe.ts'
import { derOf, type SipAuthority } from './sip-certificates.ts'

type Settings = Readonly<Record<string, string>>

/** Today, for all worlds. */
export const today = new Date('2026-11-22T12:00:00Z')

/** Everything a check asks is answered from the text; whatever it asks is noted in `asked`. */
export async function createWorld(
  text: string,
  authority: SipAuthority,
): Promise<Surroundings & { readonly asked: string[] }> {
  const asked: string[] = []
  const zone: (readonly string[])[] = []
  const listeners = new Map<string, { kind: string; settings: Settings }[]>()
  const presented = new Map<Settings, readonly Buffer[]>()
  for (const line of text.split('\n')) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/)
    if (words.length < 3) continue
    if (words[0] !== 'LISTEN') {
      zone.push(words)
      continue
    }
    const [, endpoint = '', kind = '', ...rest] = words
    const settings = readSettings(rest)
    listeners.set(endpoint, [...(listeners.get(endpoint) ?? []), { kind, settings }])
    if (kind === 'tls') presented.set(settings, await present(settings, authority))
  }

  function find<T>(name: string, type: string, read: (data: readonly string[]) => T): Lookup<T> {
    asked.push(`${type} ${name}`)
    const failure = zone.find(([owner, kind]) => owner === name && kind === 'FAIL')
    if (failure) return { status: 'failed', reason: failure[2] ?? '' }
    const records = zone
      .filter(([owner, kind]) => (owner === name || isWild(owner, name)) && kind === type)
      .map(([, , ...data]) => read(data))
    return records.length === 0
      ? { status: 'none' }
      : { status: 'found', records: records.slice(0, mostRecords), total: records.length }
  }

  const at = (endpoint: Endpoint, kind: string) =>
    listeners.get(writeEndpoint(endpoint))?.find((each) => each.kind === kind)
  const listenersAt = (
    endpoint: Endpoint,
    kind: string,
    { host, path }: { host: string; path: string },
  ) =>
    (listeners.get(writeEndpoint(endpoint)) ?? [])
      .filter((each) => each.kind === kind)
      .map(({ settings }) => settings)
      .filter((settings) => fits(settings['host'], host) && fits(settings['path'], path))
  const isOpen = (endpoint: Endpoint): boolean => listeners.has(writeEndpoint(endpoint))
  const refused = { kind: 'unreachable', reason: 'refused' } as const

  async function tls(endpoint: Endpoint, serverName: string | undefined): Promise<TlsAnswer> {
    asked.push(`tls ${writeEndpoint(endpoint)} ${serverName ?? 'without a name'}`)
    if (!isOpen(endpoint)) return refused
    const settings = listenersAt(endpoint, 'tls', { host: serverName ?? '', path: '' })[0]
    if (!settings)
      return {
        kind: 'no-certificate',
        isTls: false,
        seen: 'it closes the connection on a TLS greeting',
      }
    if (settings['sni'] === 'only' && serverName === undefined)
      return { kind: 'no-certificate', isTls: true, seen: 'TLS alert unrecognized_name' }
    return {
      kind: 'tls',
      version: `TLS ${settings['version'] ?? '1.2'}`,
      chain: presented.get(settings) ?? [],
      asksForCertificate: settings['mutual'] === 'yes',
    }
  }

  async function web(endpoint: Endpoint, request: WebRequest): Promise<WebAnswer> {
    asked.push(`web ${writeEndpoint(endpoint)}`)
    if (!isOpen(endpoint)) return refused
    const [settings] = listenersAt(endpoint, 'web', request)
    if (!settings) return { kind: 'not-http', reason: 'time-out' }
    const { status, location, auth, cookie, body = '' } = settings
    const challenges = (auth?.split(',') ?? []).map(
      (scheme) => ['www-authenticate', scheme] as const,
    )
    const isNew = cookie !== undefined && request.fields?.['cookie'] === undefined
    const cookies = isNew ? [['set-cookie', cookie] as const] : []
    const fields = [...challenges, ...cookies]
    return { kind: 'answer', status: Number(status), location, fields, body }
  }

  return {
    asked,
    now: today,
    from: 'internet',
    roots: buildRoots([{ pem: authority.rootPem, source: 'public' }]),
    dns: {
      srv: async (name) => find(name, 'SRV', readSrv),
      alias: async (name) => find(name, 'CNAME', ([target = '']) => target),
      addresses: async (name) => {
        const alias = zone.find(([owner, type]) => owner === name && type === 'CNAME')?.[2]
        return find(alias ?? name, 'A', ([address = '']) => address)
      },
    },
    probes: {
      tls,
      web,
      idle: async () => ({ kind: 'kept' }),
      signIn: async () => ({ kind: 'failed', reason: 'nobody signs in here' }),
      version: async (endpoint, host, version) => {
        const [settings] = listenersAt(endpoint, 'tls', { host, path: '' })
        if (!settings) return 'unclear'
        const spoken = settings['versions']?.split(',') ?? ['TLSv1.2', 'TLSv1.3']
        return spoken.includes(version) ? 'spoken' : 'refused'
      },
      sip: async (endpoint) => {
        asked.push(`sip ${writeEndpoint(endpoint)}`)
        if (!isOpen(endpoint)) return refused
        return at(endpoint, 'sip')
          ? { kind: 'sip', status: 'SIP/2.0 200 OK' }
          : { kind: 'not-sip', seen: 'it closes the connection on a SIP request' }
      },
    },
  }
}

const isWild = (owner = '', name = ''): boolean =>
  owner.startsWith('*.') && name.endsWith(owner.slice(1))

const readSrv = ([priority, weight, port, target = '']: readonly string[]): SrvRecord => ({
  priority: Number(priority),
  weight: Number(weight),
  port: Number(port),
  target: target === '.' ? '' : target,
})

const fits = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined ||
  pattern === text ||
  (pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1)))

/** Values may hold a `=` themselves. */
const readSettings = (words: readonly string[]): Settings =>
  Object.fromEntries(
    words.map((word) => [word.split('=', 1)[0] ?? '', word.slice(word.indexOf('=') + 1)]),
  )

async function present(settings: Settings, authority: SipAuthority): Promise<readonly Buffer[]> {
  const list = (text: string | undefined) => text?.split(',').filter(Boolean)
  const { key, signer, from, until } = settings
  const { certPem } = await authority.issue({
    names: list(settings['names']) ?? [],
    ...(settings['subject'] === undefined ? {} : { subject: settings['subject'] }),
    ...(settings['usages'] === undefined
      ? {}
      : { usages: list(settings['usages']) as ('serverAuth' | 'clientAuth')[] }),
    ...(from === undefined ? {} : { notBefore: new Date(from) }),
    ...(until === undefined ? {} : { notAfter: new Date(until) }),
    ...(key === undefined ? {} : { key: key === 'ec' ? ('ec' as const) : Number(key) }),
    ...(settings['hash'] === 'SHA-1' ? { hash: 'SHA-1' as const } : {}),
    ...(signer === 'root' || signer === 'self' ? { signer } : {}),
  })
  const isAlone = settings['send'] === 'leaf' || signer === 'root' || signer === 'self'
  return isAlone ? [derOf(certPem)] : [derOf(certPem), derOf(authority.intermediatePem)]
}
