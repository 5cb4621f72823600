/** Makes `Rules` of a file in which every check found nothing wrong. */
import { resolve } from 'node:path'
import { buildGuard } from './build-guard.ts'
import { buildStream } from './build-stream.ts'
import { defaultHttp } from './draft.ts'
import { expandHost } from './expand-host.ts'
import { defaultChecks, readCheck } from './health-schema.ts'
import { defaultPorts } from './pool-schema.ts'
import type {
  AcmeAuthority,
  AcmeRule,
  AdminRule,
  CertificateRule,
  PemRule,
  PoolHealthRule,
  PoolRule,
  PublishingRule,
  Rules,
} from './rules.ts'
import type { WrittenRules } from './schema.ts'

type WrittenAcme = NonNullable<WrittenRules['acme']>
type WrittenPool = WrittenRules['pools'][string]
type WrittenServer = Exclude<WrittenPool['servers'][number], string>
type WrittenRule = WrittenRules['rules'][number]

/** Fills in what depends on other keys and makes file names absolute, from `directory`. */
export function buildRules(written: WrittenRules, directory: string): Rules {
  const { timeouts, limits, policy, health, log } = written
  return {
    listeners: written.listeners.map((each) => ({
      name: each.name,
      address: each.address,
      httpPort: each.http,
      httpsPort: each.https,
      tlsProfile: each.tls,
      proxyProtocol: each.proxyProtocol,
      connections: each.connections,
    })),
    certificates: written.certificates.map((each) => buildCertificate(each, directory)),
    acme: buildAcme(written, directory),
    pools: Object.entries(written.pools).map(([name, pool]) => buildPool(name, pool, directory)),
    rules: written.rules.map((rule) => buildRule(rule, written.sipDomains)),
    timeouts: {
      connectMs: timeouts.connect,
      handshakeMs: timeouts.handshake,
      requestHeadMs: timeouts.requestHead,
      requestBodyMs: timeouts.requestBody,
      clientReadMs: timeouts.clientRead,
      responseMs: timeouts.response,
      keepAliveMs: timeouts.keepAlive,
      tunnelMs: timeouts.tunnel,
      drainMs: timeouts.drain,
      unreadyMs: timeouts.unready,
    },
    limits: {
      headBytes: limits.head,
      bodyBytes: limits.body,
      connections: limits.connections,
      connectionsPerClient: limits.connectionsPerClient,
      minRate: limits.minRate,
      fields: limits.fields,
    },
    policy: { paths: policy.paths },
    trustedProxies: [...new Set(written.trustedProxies)],
    signInGuard: buildGuard(written.signInGuard, directory),
    sessionTickets: {
      secretFile: fileOf(written.sessionTickets.secret, directory),
      rotateMs: written.sessionTickets.rotate,
    },
    ocspStapling: written.ocspStapling,
    workers: written.workers,
    streams: written.streams.map((stream) => buildStream(stream, timeouts.tunnel)),
    health,
    admin: written.admin && buildAdmin(written.admin, directory),
    log: {
      level: log.level,
      access: log.access,
      accessFile: fileOf(log.accessFile, directory),
      requestIdHeader: log.requestIdHeader,
    },
  }
}

const fileOf = (file: string | undefined, directory: string): string | undefined =>
  file === undefined ? undefined : resolve(directory, file)

type WrittenCertificate = WrittenRules['certificates'][number]

function buildCertificate(written: WrittenCertificate, directory: string): CertificateRule {
  const { pfx, passphraseFile } = written
  if (pfx === undefined) return buildPem(written, directory)
  return {
    kind: 'pfx',
    pfxFile: resolve(directory, pfx),
    passphraseFile: fileOf(passphraseFile, directory),
  }
}

function buildPem(
  { cert = '', key = '', chain, passphraseFile }: Omit<WrittenCertificate, 'pfx'>,
  directory: string,
): PemRule {
  return {
    kind: 'pem',
    // Cross-check has made sure that both are there.
    certFile: resolve(directory, cert),
    keyFile: resolve(directory, key),
    chainFile: fileOf(chain, directory),
    passphraseFile: fileOf(passphraseFile, directory),
  }
}

function buildAcme(
  { acme, listeners, rules }: WrittenRules,
  directory: string,
): AcmeRule | undefined {
  if (!acme) return undefined
  // What old phones speak is RSA alone; whoever keeps TLS 1.0 for them keeps it for that.
  const isForOld =
    listeners.some(({ https, tls }) => https !== undefined && tls === 'legacy') ||
    rules.some(({ tls }) => tls === 'legacy')
  return {
    authorities: [acme, ...acme.fallbacks].map((each) => buildAuthority(each, directory)),
    contact: acme.contact,
    storage: resolve(directory, acme.storage),
    agreesToTerms: acme.agreeToTerms,
    keyType: acme.keyType ?? (isForOld ? 'rsa' : 'ecdsa'),
  }
}

type WrittenAuthority = WrittenAcme['fallbacks'][number]

const buildAuthority = (
  { directory: url, ca, eab, profile }: WrittenAuthority,
  directory: string,
): AcmeAuthority => ({
  directory: url,
  caFile: fileOf(ca, directory),
  eab: eab && { kid: eab.kid, keyFile: resolve(directory, eab.key) },
  profile,
})

/** As `buildRules`, for the admin section alone. */
export function buildAdmin(
  { address, port, token, tls }: NonNullable<WrittenRules['admin']>,
  directory: string,
): AdminRule {
  return {
    address,
    port,
    tokenFile: fileOf(token, directory),
    tls: tls && buildPem(tls, directory),
  }
}

function buildPool(name: string, pool: WrittenPool, directory: string): PoolRule {
  const { product, tls, affinity, rewriteLocation } = pool
  const { http = defaultPorts[product].http, https = defaultPorts[product].https } = pool
  return {
    name,
    product,
    servers: pool.servers.map((server) => {
      const own: WrittenServer =
        typeof server === 'string' ? { address: server, weight: 1, drain: false } : server
      const { address, weight, drain: isDrainedByFile } = own
      return {
        address,
        httpPort: own.http ?? http,
        httpsPort: own.https ?? https,
        weight,
        isDrainedByFile,
      }
    }),
    tls: {
      caFile: tls.ca === undefined ? undefined : resolve(directory, tls.ca),
      serverName: tls.serverName,
      insecureSkipVerify: tls.insecureSkipVerify,
      minVersion: tls.minVersion,
      clientCertificate: tls.cert === undefined ? undefined : buildPem(tls, directory),
    },
    affinity,
    rewriteLocation,
    health: buildHealth(pool),
  }
}

/** A check that nobody asked for must not take a whole pool away: then the last resort is open. */
function buildHealth({ product, health }: WrittenPool): PoolHealthRule {
  const { check, interval, timeout, rise, fall, lastResort = check === undefined } = health
  return {
    check: check === undefined ? defaultChecks[product] : readCheck(check),
    intervalMs: interval,
    timeoutMs: timeout,
    rise,
    fall,
    lastResort,
  }
}

function buildRule(rule: WrittenRule, sipDomains: readonly string[]): PublishingRule {
  const { name, publish, pool, listeners, https, phones, guestJoin, hideServerFields } = rule
  return {
    name,
    publish,
    hosts: rule.hosts.flatMap((host) => expandHost(host, sipDomains)),
    pool,
    listeners: [...new Set(listeners)],
    http: rule.http ?? defaultHttp(publish),
    https,
    tlsProfile: rule.tls,
    // As many as are written: later checks point at an entry by its index.
    allow: rule.allow,
    deny: rule.deny,
    phones,
    guestJoin,
    hideServerFields,
  }
}
