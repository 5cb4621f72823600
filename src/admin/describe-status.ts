/** What the running proxy is like at this moment, in the shape of `GET /api/status`. docs/admin-api.md has every key. */

import { type CertificateRow, describeCertificates } from '../certificates/describe-certificates.ts'
import type { PublishKind } from '../config/rules.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import { isEjected } from '../pools/ejection.ts'
import type { Pool } from '../pools/pool.ts'
import { type Server, serverName } from '../pools/server.ts'
import type { ReloadOutcome } from '../runtime/reload.ts'
import { type BlockedSummary, summarizeBlocked } from './describe-blocked.ts'
import type { AdminScope, WorkerRow } from './scope.ts'

export type Draining = 'no' | 'by-file' | 'by-command' | 'by-both'

export interface ServerStatus {
  readonly name: string
  readonly address: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly weight: number
  readonly health: 'healthy' | 'unhealthy' | 'unknown' | 'unchecked'
  readonly reason: string | null
  readonly ejectedUntil: string | null
  readonly draining: Draining
  readonly empty: boolean
  readonly inFlight: number
  readonly pinned: number
  readonly insecureSkipVerify: boolean
}

export interface PoolStatus {
  readonly name: string
  readonly affinity: Pool['affinity']
  readonly servers: readonly ServerStatus[]
}

/** What is published. */
export interface RuleStatus {
  readonly name: string
  readonly publish: PublishKind
  readonly hosts: readonly string[]
  readonly pool: string
}

export interface ListenerStatus {
  readonly name: string
  readonly address: string
  readonly httpPort: number | null
  readonly httpsPort: number | null
  readonly streamPort: number | null
}

export type ReloadStatus = ReloadOutcome & { readonly at: string; readonly trigger: string }

export interface Status {
  readonly version: string
  readonly pid: number
  readonly startedAt: string
  readonly ready: boolean
  readonly file: string
  readonly revision: number
  readonly inForceSince: string
  readonly lastReload: ReloadStatus | null
  readonly connections: number
  readonly healthPort: number | null
  readonly adminPort: number | null
  readonly listeners: readonly ListenerStatus[]
  readonly rules: readonly RuleStatus[]
  readonly pools: readonly PoolStatus[]
  readonly certificates: readonly CertificateRow[]
  readonly blocked: BlockedSummary
  readonly workers: readonly WorkerRow[]
}

export function describeStatus(scope: AdminScope): Status {
  const { runtime, version, startedAt, file, now } = scope
  const { built } = runtime
  const last = scope.lastReload()
  return {
    version,
    pid: process.pid,
    startedAt: startedAt.toISOString(),
    ready: runtime.isReady,
    file,
    revision: built.revision,
    inForceSince: built.readAt.toISOString(),
    lastReload: last ? { at: last.at.toISOString(), trigger: last.trigger, ...last.outcome } : null,
    connections: runtime.openConnections,
    healthPort: runtime.healthPort ?? null,
    adminPort: runtime.adminPort ?? null,
    listeners: runtime.ports.map(({ name, httpPort, httpsPort, streamPort }) => ({
      name,
      address:
        [...built.rules.listeners, ...built.rules.streams].find((each) => each.name === name)
          ?.address ?? '',
      httpPort: httpPort ?? null,
      httpsPort: httpsPort ?? null,
      streamPort: streamPort ?? null,
    })),
    rules: built.rules.rules.map(({ name, publish, hosts, pool }) => ({
      name,
      publish,
      hosts,
      pool,
    })),
    pools: [...built.pools.values()].map((pool) => ({
      name: pool.name,
      affinity: pool.affinity,
      servers: pool.servers.map((server) => describeServer(server, scope)),
    })),
    certificates: describeCertificates(built, now()).certificates,
    blocked: summarizeBlocked(scope),
    workers: scope.workers?.() ?? [],
  }
}

export function describeServer(server: Server, { runtime, now }: AdminScope): ServerStatus {
  const { address, httpPort, httpsPort, weight, check, facts, tls } = server
  const nowMs = monotonicNow()
  const { ejection } = facts
  return {
    name: serverName(server),
    address,
    httpPort,
    httpsPort,
    weight,
    health: check?.health.status ?? 'unchecked',
    reason: check?.health.reason ?? null,
    ejectedUntil: isEjected(ejection, nowMs)
      ? new Date(now().getTime() + ejection.untilMs - nowMs).toISOString()
      : null,
    draining: drainingOf(server),
    empty: runtime.isEmpty(server),
    inFlight: facts.inFlight,
    pinned: facts.pinned,
    insecureSkipVerify: tls.insecureSkipVerify,
  }
}

function drainingOf({ isDrainedByFile, facts: { isDrainedByCommand } }: Server): Draining {
  if (isDrainedByFile && isDrainedByCommand) return 'by-both'
  if (isDrainedByFile) return 'by-file'
  return isDrainedByCommand ? 'by-command' : 'no'
}
