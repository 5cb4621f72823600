/** From valid rules to everything a snapshot needs. No side effect but reading files: a failure changes nothing. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { BlockList, isIPv6 } from 'node:net'
import { createSecureContext, getCACertificates, rootCertificates } from 'node:tls'
import { failed, ok, type Result } from '../base/result.ts'
import { type LoadedCertificate, loadCertificate } from '../certificates/certificate-store.ts'
import type { LoadedRules } from '../config/load.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import { writeKeyPath } from '../config/quote.ts'
import type { PoolRule, Rules } from '../config/rules.ts'
import type { Snapshot } from '../pipeline/snapshot.ts'
import type { Pool } from '../pools/pool.ts'
import { affinityKeyOf, type BackendTls, type Server } from '../pools/server.ts'
import type { ServerDraft, ServerRegistry } from '../pools/server-registry.ts'
import { adviseOnRules } from './advise-on-rules.ts'
import { checkHost, checkOf } from './build-checks.ts'
import { buildRoutes } from './build-routes.ts'

/** A configuration that could be adopted at once. */
export interface Built {
  readonly rules: Rules
  readonly snapshot: Snapshot
  readonly certificates: readonly LoadedCertificate[]
  /** Every pool of the file, also one that no rule names. */
  readonly pools: ReadonlyMap<string, Pool>
  /** The roots towards each pool, as one text. */
  readonly trusts: ReadonlyMap<string, string>
  /** The servers of its pools; adopted together with the snapshot. */
  readonly servers: ServerDraft
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
  const servers = scope.registry.draft()
  const trusts = await readTrusts(loaded, problems)
  problems.push(...adviseOnRules(loaded, certificates, problemAt))
  if (problems.some((problem) => problem.severity === 'error')) return failed(problems)
  const pools = poolsOf(rules, { trusts, servers, registry: scope.registry })
  const snapshot: Snapshot = {
    revision: scope.revision,
    ...buildRoutes(rules, pools),
    timeouts: rules.timeouts,
    limits: rules.limits,
    isTrustedProxy: trustOf(rules.trustedProxies),
  }
  return ok({ rules, snapshot, certificates, pools, trusts, servers, warnings: problems })
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
  return { ...loaded.locate(where), where: writeKeyPath(where), ...rest }
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

async function readTrusts(
  loaded: LoadedRules,
  problems: Problem[],
): Promise<ReadonlyMap<string, string>> {
  const trusts = new Map<string, string>()
  for (const rule of loaded.rules.pools)
    trusts.set(rule.name, await readRoots(loaded, rule, problems))
  return trusts
}

async function readRoots(
  loaded: LoadedRules,
  rule: PoolRule,
  problems: Problem[],
): Promise<string> {
  const { caFile } = rule.tls
  if (caFile === undefined) return systemRoots()
  const where = ['pools', rule.name, 'tls', 'ca']
  try {
    const pem = await readFile(caFile, 'utf8')
    createSecureContext({ ca: pem })
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
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
      return ''
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
  return ''
}

/** Mozilla's roots as Node ships them, and those of the machine or image. */
const systemRoots = (): string =>
  [...new Set([...rootCertificates, ...getCACertificates('system')])].join('\n')

interface PoolScope {
  readonly trusts: ReadonlyMap<string, string>
  readonly servers: ServerDraft
  readonly registry: ServerRegistry
}

function poolsOf(rules: Rules, scope: PoolScope): ReadonlyMap<string, Pool> {
  return new Map(
    rules.pools.map((rule) => [rule.name, poolOf(rule, checkHost(rule.name, rules.rules), scope)]),
  )
}

/** @param host a name the pool is published under, for checks */
function poolOf(rule: PoolRule, host: string | undefined, scope: PoolScope): Pool {
  const roots = scope.trusts.get(rule.name) ?? ''
  const rootsHash = createHash('sha256').update(roots).digest('base64')
  const secureContext = scope.servers.trustOf(rootsHash, () =>
    createSecureContext({ ca: roots, minVersion: 'TLSv1.2' }),
  )
  const servers = rule.servers.map((server): Server => {
    const tls: BackendTls = {
      secureContext,
      serverName: rule.tls.serverName ?? server.address,
      insecureSkipVerify: rule.tls.insecureSkipVerify,
    }
    // A TLS session verified under other settings must not be resumed under these. Weight and drain are no part of it.
    const { address, httpPort, httpsPort } = server
    const trust = [tls.serverName, tls.insecureSkipVerify, rootsHash]
    const identity = JSON.stringify([rule.name, address, httpPort, httpsPort, ...trust])
    return {
      ...server,
      tls,
      check: checkOf(rule.health, { server, tls, host, trust }, scope.registry),
      affinityKey: affinityKeyOf(rule.name, server.address, server.httpsPort),
      facts: scope.servers.factsOf(identity),
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
