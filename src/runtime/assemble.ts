/** From plain data to everything a snapshot needs. Reads nothing and changes nothing: the same data, the same result. */
import { createHash } from 'node:crypto'
import type { PoolRule } from '../config/rules.ts'
import type { RedisSettings } from '../guard/redis-store.ts'
import type { Snapshot } from '../pipeline/snapshot.ts'
import type { Pool } from '../pools/pool.ts'
import { affinityKeyOf, type BackendTls, type Server } from '../pools/server.ts'
import type { ServerDraft, ServerRegistry } from '../pools/server-registry.ts'
import type { Stream } from '../streams/stream.ts'
import { addressList } from './address-list.ts'
import { type BackendTrust, compileBackendTrust } from './backend-trust.ts'
import { checkHost, checkOf } from './build-checks.ts'
import { guardView } from './build-guard.ts'
import { buildRoutes } from './build-routes.ts'
import { buildStreams, poolsOfStreams } from './build-streams.ts'
import type { Material } from './material.ts'
import type { AdminAccess } from './read-admin.ts'

/** A configuration that could be adopted at once. */
export interface Assembled extends Material {
  readonly material: Material
  readonly snapshot: Snapshot
  /** Every pool of the file, also one that no rule names, and those of streams. */
  readonly pools: ReadonlyMap<string, Pool>
  /** By the key of the port that leads to it. */
  readonly streams: ReadonlyMap<string, Stream>
  readonly registry: ServerRegistry
  /** Where sign-ins are counted together; undefined: nowhere, or a process that does not count. */
  readonly sharedCounts?: RedisSettings | undefined
  /** Undefined: no admin address, or a process that does not have it. */
  readonly admin?: AdminAccess | undefined
  /** The servers of its pools; adopted together with the snapshot. */
  readonly servers: ServerDraft
}

/** @param registry knows the servers of earlier configurations */
export function assemble(material: Material, registry: ServerRegistry): Assembled {
  const { rules, revision, trusts } = material
  const servers = registry.draft()
  const webPools = new Map(
    rules.pools.map((rule) => {
      const host = checkHost(rule.name, rules.rules)
      return [rule.name, poolOf(rule, host, { trusts, servers, registry })]
    }),
  )
  const streams = buildStreams({ rules, revision, registry, servers })
  const snapshot: Snapshot = {
    revision,
    ...buildRoutes(rules, webPools),
    timeouts: rules.timeouts,
    limits: rules.limits,
    requestIdHeader: rules.log.requestIdHeader,
    guard: guardView(rules.signInGuard),
    isTrustedProxy: addressList(rules.trustedProxies),
  }
  const pools = new Map(webPools)
  for (const pool of poolsOfStreams(streams)) pools.set(pool.name, pool)
  return { ...material, material, snapshot, pools, streams, registry, servers }
}

interface PoolScope {
  readonly trusts: ReadonlyMap<string, BackendTrust>
  readonly servers: ServerDraft
  readonly registry: ServerRegistry
}

/** @param host a name the pool is published under, for checks */
function poolOf(rule: PoolRule, host: string | undefined, scope: PoolScope): Pool {
  const backendTrust = scope.trusts.get(rule.name)
  if (!backendTrust) throw new Error(`nobody read how ${rule.name} is trusted`)
  const trustHash = createHash('sha256').update(JSON.stringify(backendTrust)).digest('base64')
  const secureContext = scope.servers.trustOf(trustHash, () => compileBackendTrust(backendTrust))
  const servers = rule.servers.map((server): Server => {
    const tls: BackendTls = {
      secureContext,
      serverName: rule.tls.serverName ?? server.address,
      insecureSkipVerify: rule.tls.insecureSkipVerify,
    }
    // A TLS session verified under other settings must not be resumed under these. Weight and drain are no part of it.
    const { address, httpPort, httpsPort } = server
    const trust = [tls.serverName, tls.insecureSkipVerify, trustHash]
    const key = JSON.stringify([rule.name, address, httpPort, httpsPort, ...trust])
    return {
      ...server,
      tls,
      check: checkOf(rule.health, { server, tls, host, trust }, scope.registry),
      affinityKey: affinityKeyOf(rule.name, server.address, server.httpsPort),
      facts: scope.servers.factsOf(key, `${rule.name}/${address}:${httpsPort}`),
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
