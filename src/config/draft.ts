/**
 * What can be made out of a rules file although parts of it are wrong. The cross-check works on
 * this, so that a slip in one place does not hide a contradiction in another.
 */
import { adminSchema } from './admin-schema.ts'
import { readStream, type StreamDraft } from './draft-stream.ts'
import { asMap, countOf, entriesOf, isMap, type Located, read, readList } from './draft-values.ts'
import { domainField, networkField, publishedHostField } from './fields.ts'
import { timeoutsSchema } from './limits-schema.ts'
import { plainHttpDefaults } from './plain-http-defaults.ts'
import { defaultPorts, poolSchema, serverObjectSchema, serverSchema } from './pool-schema.ts'
import type { KeyPath } from './problem.ts'
import { listenerSchema, publishingRuleSchema } from './publishing-schema.ts'
import type { ListenerRule, Product, PublishingRule, Rules, TlsVersion } from './rules.ts'
import { healthSchema, policySchema } from './schema.ts'

/** Undefined in the drafts: left out without a default, or wrong. */
export interface ListenerDraft {
  readonly path: KeyPath
  readonly name: string | undefined
  readonly address: string | undefined
  readonly http: number | undefined
  readonly https: number | undefined
  /** Whether the key is there, be its value good or bad. */
  readonly hasHttp: boolean
  readonly hasHttps: boolean
  readonly proxyProtocol: ListenerRule['proxyProtocol'] | undefined
}

export interface ServerDraft {
  readonly address: string
  readonly http: number | undefined
  readonly https: number | undefined
}

export interface AdminDraft {
  readonly address: string | undefined
  readonly port: number | undefined
  /** Whether the key is there, be its value good or bad. */
  readonly hasToken: boolean
  readonly hasTls: boolean
}

export interface PoolDraft {
  readonly path: KeyPath
  readonly name: string
  readonly product: Product | undefined
  readonly servers: readonly Located<ServerDraft>[]
  /** How many are written; undefined if that is no list. */
  readonly serverCount: number | undefined
  readonly insecureSkipVerify: boolean | undefined
  /** The keys that are written under `tls`. */
  readonly tlsKeys: readonly string[]
  readonly minVersion: TlsVersion | undefined
}

/** An entry of `certificates`, and the keys that are written in it. */
export interface CertificateDraft {
  readonly path: KeyPath
  readonly keys: readonly string[]
}

export interface RuleDraft {
  readonly path: KeyPath
  readonly name: string | undefined
  readonly publish: PublishingRule['publish'] | undefined
  /** As written, `{sipDomain}` and all. */
  readonly hosts: readonly Located<string>[]
  readonly hostCount: number | undefined
  readonly pool: string | undefined
  readonly listeners: readonly Located<string>[]
  readonly http: PublishingRule['http'] | undefined
  readonly https: PublishingRule['https'] | undefined
  readonly allow: readonly Located<string>[]
  readonly deny: readonly Located<string>[]
  readonly phones: boolean | undefined
  readonly guestJoin: boolean | undefined
}

export interface Draft {
  readonly sipDomains: readonly Located<string>[]
  readonly listeners: readonly ListenerDraft[]
  /** Undefined where the section is missing or no list; that is a problem of its own. */
  readonly listenerCount: number | undefined
  readonly ruleCount: number | undefined
  readonly hasCertificates: boolean
  readonly certificates: readonly CertificateDraft[]
  readonly hasAcme: boolean
  readonly pools: readonly PoolDraft[]
  readonly rules: readonly RuleDraft[]
  readonly paths: Rules['policy']['paths'] | undefined
  readonly responseMs: number | undefined
  readonly keepAliveMs: number | undefined
  readonly tunnelMs: number | undefined
  readonly trustedProxies: readonly Located<string>[]
  /** Undefined where the section is no list. */
  readonly trustedProxyCount: number | undefined
  readonly streams: readonly StreamDraft[]
  readonly health: { readonly address: string; readonly port: number } | undefined
  readonly admin: AdminDraft | undefined
}

/** Reads all that is readable. */
export function readDraft(raw: unknown): Draft {
  const file = asMap(raw)
  const timeouts = asMap(file['timeouts'] ?? {})
  return {
    sipDomains: readList(domainField(), file['sipDomains'], ['sipDomains']),
    listeners: entriesOf(file['listeners'], ['listeners']).map(readListener),
    listenerCount: countOf(file['listeners']),
    ruleCount: countOf(file['rules']),
    hasCertificates: (countOf(file['certificates']) ?? 0) > 0,
    certificates: entriesOf(file['certificates'], ['certificates']).flatMap(({ path, value }) =>
      isMap(value) ? [{ path, keys: Object.keys(value) }] : [],
    ),
    hasAcme: file['acme'] !== undefined && file['acme'] !== null,
    pools: Object.entries(asMap(file['pools'])).map(([name, value]) => readPool(name, value)),
    rules: entriesOf(file['rules'], ['rules']).map(readRule),
    paths: read(policySchema.unwrap().shape.paths, asMap(file['policy'])['paths']),
    responseMs: read(timeoutsSchema.unwrap().shape.response, timeouts['response']),
    keepAliveMs: read(timeoutsSchema.unwrap().shape.keepAlive, timeouts['keepAlive']),
    tunnelMs: read(timeoutsSchema.unwrap().shape.tunnel, timeouts['tunnel']),
    trustedProxies: readList(networkField(), file['trustedProxies'], ['trustedProxies']),
    trustedProxyCount: countOf(file['trustedProxies'] ?? []),
    streams: entriesOf(file['streams'], ['streams']).map(readStream),
    health: file['health'] === undefined ? undefined : read(healthSchema, file['health']),
    admin: file['admin'] === undefined ? undefined : readAdmin(file['admin']),
  }
}

function readListener({ path, value }: Located<unknown>): ListenerDraft {
  const { shape } = listenerSchema
  const map = asMap(value)
  return {
    path,
    name: read(shape.name, map['name']),
    address: read(shape.address, map['address']),
    http: read(shape.http, map['http']),
    https: read(shape.https, map['https']),
    hasHttp: map['http'] !== undefined,
    hasHttps: map['https'] !== undefined,
    proxyProtocol: read(shape.proxyProtocol, map['proxyProtocol']),
  }
}

function readAdmin(value: unknown): AdminDraft {
  const { shape } = adminSchema
  const map = asMap(value)
  return {
    address: read(shape.address, map['address']),
    port: read(shape.port, map['port']),
    hasToken: map['token'] !== undefined,
    hasTls: map['tls'] !== undefined,
  }
}

function readPool(name: string, value: unknown): PoolDraft {
  const { shape } = poolSchema
  const map = asMap(value)
  const path = ['pools', name]
  const product = read(shape.product, map['product'])
  const ports = product && defaultPorts[product]
  const http = read(shape.http, map['http']) ?? ports?.http
  const https = read(shape.https, map['https']) ?? ports?.https
  const tls = asMap(map['tls'])
  return {
    path,
    name,
    product,
    servers: entriesOf(map['servers'], [...path, 'servers']).flatMap((entry) =>
      readServer(entry, { http, https }),
    ),
    serverCount: countOf(map['servers']),
    insecureSkipVerify: read(
      shape.tls.unwrap().shape.insecureSkipVerify,
      tls['insecureSkipVerify'],
    ),
    tlsKeys: Object.keys(tls),
    minVersion: read(shape.tls.unwrap().shape.minVersion, tls['minVersion']),
  }
}

function readServer(
  { path, value }: Located<unknown>,
  ports: Pick<ServerDraft, 'http' | 'https'>,
): readonly Located<ServerDraft>[] {
  if (typeof value === 'string') {
    const address = read(serverSchema, value)
    return typeof address === 'string' ? [{ path, value: { address, ...ports } }] : []
  }
  const { shape } = serverObjectSchema
  const map = asMap(value)
  const address = read(shape.address, map['address'])
  if (address === undefined) return []
  const http = read(shape.http, map['http']) ?? ports.http
  const https = read(shape.https, map['https']) ?? ports.https
  return [{ path, value: { address, http, https } }]
}

function readRule({ path, value }: Located<unknown>): RuleDraft {
  const { shape } = publishingRuleSchema
  const map = asMap(value)
  const publish = read(shape.publish, map['publish'])
  const written = read(shape.http, map['http'])
  return {
    path,
    name: read(shape.name, map['name']),
    publish,
    hosts: readList(publishedHostField(), map['hosts'], [...path, 'hosts']),
    hostCount: countOf(map['hosts']),
    pool: read(shape.pool, map['pool']),
    listeners: readList(shape.name, map['listeners'], [...path, 'listeners']),
    http: map['http'] === undefined ? publish && defaultHttp(publish) : written,
    https: read(shape.https, map['https']),
    allow: readList(shape.allow.unwrap().element, map['allow'], [...path, 'allow']),
    deny: readList(shape.deny.unwrap().element, map['deny'], [...path, 'deny']),
    phones: read(shape.phones, map['phones']),
    guestJoin: read(shape.guestJoin, map['guestJoin']),
  }
}

/** What plain HTTP does where the rule does not say. */
export function defaultHttp(publish: PublishingRule['publish']): PublishingRule['http'] {
  return plainHttpDefaults[publish].action
}
