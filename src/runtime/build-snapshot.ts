/** From valid rules to everything a snapshot needs. No side effect but reading files: a failure changes nothing. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { BlockList, isIPv6 } from 'node:net'
import {
  createSecureContext,
  getCACertificates,
  rootCertificates,
  type SecureContext,
} from 'node:tls'
import { failed, ok, type Result } from '../base/result.ts'
import { type LoadedCertificate, loadCertificate } from '../certificates/certificate-store.ts'
import type { LoadedRules } from '../config/load.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import type { PoolRule, Rules } from '../config/rules.ts'
import type { Snapshot } from '../pipeline/snapshot.ts'
import type { Pool } from '../pools/pool.ts'
import { affinityKeyOf, type BackendTls, type Server } from '../pools/server.ts'
import type { ServerRegistry } from '../pools/server-registry.ts'
import { adviseOnRules } from './advise-on-rules.ts'
import { checkHost, checkOf } from './build-checks.ts'
import { buildRoutes } from './build-routes.ts'

/** A configuration that could be adopted at once. */
export interface Built {
  readonly rules: Rules
  readonly snapshot: Snapshot
  /** Those that rules use, and those that none does. */
  readonly pools: readonly Pool[]
  readonly certificates: readonly LoadedCertificate[]
  readonly warnings: readonly Problem[]
}

export interface BuildScope {
  readonly registry: ServerRegistry
  readonly revision: number
  readonly now: Date
}

/** Builds everything that can fail. The error holds every problem found, with its place in the file. */
export async function buildSnapshot(
  loaded: LoadedRules,
  scope: BuildScope,
): Promise<Result<Built, Problem[]>> {
  const { rules } = loaded
  const problems: Problem[] = []
  const certificates = await readCertificates(loaded, problems, scope.now)
  const pools = await readPools(loaded, problems, scope.registry)
  problems.push(...adviseOnRules(loaded, certificates, problemAt))
  if (problems.some((problem) => problem.severity === 'error')) return failed(problems)
  const snapshot: Snapshot = {
    revision: scope.revision,
    ...buildRoutes(rules, pools),
    timeouts: rules.timeouts,
    limits: rules.limits,
    isTrustedProxy: trustOf(rules.trustedProxies),
  }
  return ok({ rules, snapshot, pools: [...pools.values()], certificates, warnings: problems })
}

/** What `lyncgate check` adds to the checks of the file itself: everything the file refers to. */
export async function checkReferences(loaded: LoadedRules, scope: BuildScope): Promise<Problem[]> {
  const built = await buildSnapshot(loaded, scope)
  return built.ok ? [...built.value.warnings] : built.error
}

function problemAt(
  loaded: LoadedRules,
  where: KeyPath,
  rest: Pick<Problem, 'severity' | 'code' | 'message' | 'hint'>,
): Problem {
  const written = where
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`))
    .join('')
  return { ...loaded.locate(where), where: written, ...rest }
}

async function readCertificates(
  loaded: LoadedRules,
  problems: Problem[],
  now: Date,
): Promise<LoadedCertificate[]> {
  const certificates: LoadedCertificate[] = []
  for (const [index, rule] of loaded.rules.certificates.entries()) {
    const { certificate, troubles } = await loadCertificate(rule, now)
    if (certificate) certificates.push(certificate)
    for (const { file, ...trouble } of troubles) {
      problems.push(problemAt(loaded, ['certificates', index, file], trouble))
    }
  }
  return certificates
}

async function readPools(
  loaded: LoadedRules,
  problems: Problem[],
  registry: ServerRegistry,
): Promise<ReadonlyMap<string, Pool>> {
  const pools = new Map<string, Pool>()
  for (const rule of loaded.rules.pools) {
    const roots = await readRoots(loaded, rule, problems)
    const secureContext = createSecureContext({ ca: roots, minVersion: 'TLSv1.2' })
    const host = checkHost(rule.name, loaded.rules.rules)
    pools.set(rule.name, poolOf(rule, { secureContext, roots, host }, registry))
  }
  return pools
}

async function readRoots(
  loaded: LoadedRules,
  rule: PoolRule,
  problems: Problem[],
): Promise<string[]> {
  const { caFile } = rule.tls
  if (caFile === undefined) return systemRoots()
  const where = ['pools', rule.name, 'tls', 'ca']
  try {
    const pem = await readFile(caFile, 'utf8')
    createSecureContext({ ca: pem })
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return [pem]
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('E') && !code.startsWith('ERR')) {
      problems.push(
        problemAt(loaded, where, {
          severity: 'error',
          code: 'unreadable-file',
          message: `cannot read ${caFile} (${code})`,
          hint: 'check the path, and that the user lyncgate runs as may read it',
        }),
      )
      return []
    }
  }
  problems.push(
    problemAt(loaded, where, {
      severity: 'error',
      code: 'not-a-certificate',
      message: `${caFile} holds no PEM certificate`,
      hint: 'export the root of the company CA as Base-64 (PEM)',
    }),
  )
  return []
}

/** Mozilla's roots as Node ships them, and those of the machine or image. */
const systemRoots = (): string[] => [
  ...new Set([...rootCertificates, ...getCACertificates('system')]),
]

interface PoolScope {
  readonly secureContext: SecureContext
  readonly roots: readonly string[]
  /** A name the pool is published under, for checks. */
  readonly host: string | undefined
}

function poolOf(rule: PoolRule, scope: PoolScope, registry: ServerRegistry): Pool {
  const roots = createHash('sha256').update(scope.roots.join()).digest('base64url')
  const servers = rule.servers.map((server): Server => {
    const tls: BackendTls = {
      secureContext: scope.secureContext,
      serverName: rule.tls.serverName ?? server.address,
      insecureSkipVerify: rule.tls.insecureSkipVerify,
    }
    // A TLS session verified under other settings must not be resumed under these.
    const { address, httpPort, httpsPort } = server
    const trust = [tls.serverName, tls.insecureSkipVerify, roots]
    return {
      ...server,
      tls,
      check: checkOf(rule.health, { server, tls, host: scope.host, trust }, registry),
      affinityKey: affinityKeyOf(rule.name, server.address, server.httpsPort),
      facts: registry.factsOf(JSON.stringify([rule.name, address, httpPort, httpsPort, trust])),
    }
  })
  return {
    name: rule.name,
    servers,
    affinity: rule.affinity,
    rewriteLocation: rule.rewriteLocation,
    lastResort: rule.health.lastResort,
    byAffinityKey: new Map(servers.map((server) => [server.affinityKey, server])),
  }
}

function trustOf(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/')
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
