/** How fit a server is to serve, as a number: lower ones come first. Pure but for what it reads. */
import { isEjected } from './ejection.ts'
import type { Pool } from './pool.ts'
import { isDraining, type Server, serverName } from './server.ts'

/** Fit, without an objection. */
export const FIT = 0
/** Not known yet: the first result of its check is still to come. */
export const UNKNOWN = 2
/** Unhealthy: for a pool whose last resort is open. */
const UNHEALTHY = 4
/** It must not be used. */
export const UNUSABLE = Number.POSITIVE_INFINITY

/** Between two classes: ejected, and so behind others of its class. */
const EJECTED = 1

/** Of a server whose clients are there already: draining does not count. */
export function fitnessForItsOwn(pool: Pool, server: Server, nowMs: number): number {
  const behind = isEjected(server.facts.ejection, nowMs) ? EJECTED : 0
  switch (server.check?.health.status) {
    case 'unknown':
      return UNKNOWN + behind
    case 'unhealthy':
      return pool.lastResort ? UNHEALTHY + behind : UNUSABLE
    default:
      return FIT + behind
  }
}

/**
 * Of a server for new clients. What a person says counts more than what a check says: a draining server takes none, not
 * even as a last resort.
 */
export const fitnessOf = (pool: Pool, server: Server, nowMs: number): number =>
  isDraining(server) ? UNUSABLE : fitnessForItsOwn(pool, server, nowMs)

/** True when nobody could stand in for the server: it must not be ejected. */
export function isLastUsable(pool: Pool, server: Server, nowMs: number): boolean {
  const own = fitnessForItsOwn(pool, server, nowMs)
  return !pool.servers.some((other) => {
    const fitness = fitnessOf(pool, other, nowMs)
    return other !== server && fitness <= own && fitness % 2 === 0
  })
}

/** From a tenth to the whole weight in this time after a server has come back. */
export const EASING_MS = 30_000
const FIRST_SHARE = 0.1

/** The weight of a server at this moment: one that has just come back is eased in, its caches are cold. */
export function effectiveWeight(server: Server, nowMs: number): number {
  const checkedAtMs = server.check?.health.returnedAtMs ?? Number.NEGATIVE_INFINITY
  const returnedAtMs = Math.max(checkedAtMs, server.facts.ejection.returnedAtMs)
  const share = (nowMs - returnedAtMs) / EASING_MS
  return share >= 1 ? server.weight : server.weight * Math.max(share, FIRST_SHARE)
}

/** Why no server of a pool can be used, for the log. */
export function explainUnusable(pool: Pool): string {
  return pool.servers
    .map((server) => {
      const why = isDraining(server) ? 'draining' : (server.check?.health.reason ?? 'unhealthy')
      return `${serverName(server)}: ${why}`
    })
    .join('; ')
}
