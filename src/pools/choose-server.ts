/** Which server of a pool answers a request. */
import { createHash } from 'node:crypto'
import type { Pool } from './pool.ts'
import type { Server } from './server.ts'

/** Where the choice came from, for the access log. `failover`: the first choice could not be connected. */
export type ChoiceSource = 'pin' | 'cookie' | 'source' | 'balance' | 'failover'

export interface Choice {
  readonly server: Server
  readonly source: ChoiceSource
}

export interface ChoiceHints {
  /** The value of the affinity cookie that came with the request, if any. */
  readonly affinityKey: string | undefined
  /** The client's address, for source affinity. */
  readonly clientAddress: string
  /** Milliseconds of the monotonic clock. */
  readonly nowMs: number
}

/**
 * Affinity first (cookie or source address), then least connections in proportion to the weights. A server that failed
 * to connect a moment ago is taken only when there is no other, so that a dead one costs one client a connect time-out
 * and not all of them.
 */
export function chooseServer(pool: Pool, hints: ChoiceHints): Choice {
  if (pool.affinity === 'cookie' && hints.affinityKey !== undefined) {
    const kept = pool.byAffinityKey.get(hints.affinityKey)
    if (kept && !isAvoided(kept, hints)) return { server: kept, source: 'cookie' }
  }
  const server = best(pool, hints, NONE)
  if (!server) throw new Error(`pool ${pool.name} has no servers`) // cross-check.ts refuses such a file
  return { server, source: pool.affinity === 'source' ? 'source' : 'balance' }
}

/** The next server to try after those in `tried` could not be connected; undefined when all were tried. */
export function chooseNextServer(
  pool: Pool,
  hints: ChoiceHints,
  tried: ReadonlySet<Server>,
): Choice | undefined {
  const server = best(pool, hints, tried)
  return server && { server, source: 'failover' }
}

const NONE: ReadonlySet<Server> = new Set()

const isAvoided = (server: Server, hints: ChoiceHints): boolean =>
  server.facts.avoidUntilMs > hints.nowMs

/** Without a copy: this runs for every request. */
function best(pool: Pool, hints: ChoiceHints, tried: ReadonlySet<Server>): Server | undefined {
  const { servers } = pool
  if (servers.length === 1 && tried.size === 0) return servers[0]
  let isAnyFresh = false
  for (const server of servers) {
    if (!tried.has(server) && !isAvoided(server, hints)) isAnyFresh = true
  }
  const mayServe = (server: Server): boolean =>
    !tried.has(server) && !(isAnyFresh && isAvoided(server, hints))
  return pool.affinity === 'source'
    ? bySource(servers, mayServe, hints.clientAddress)
    : byLoad(servers, mayServe)
}

type Eligible = (server: Server) => boolean

/**
 * The least loaded server in proportion to its weight. Equals (an idle pool is the usual case) share in proportion to
 * their weights too: the turns walk over [0, 1) evenly in steps of the golden ratio, and each server owns its part.
 */
function byLoad(servers: readonly Server[], mayServe: Eligible): Server | undefined {
  let lowest = Number.POSITIVE_INFINITY
  let weight = 0
  for (const server of servers) {
    if (!mayServe(server)) continue
    const load = server.facts.inFlight / server.weight
    if (load < lowest) weight = 0
    if (load <= lowest) weight += server.weight
    lowest = Math.min(lowest, load)
  }
  turn = (turn + GOLDEN_RATIO) % 1
  let at = turn * weight
  let last: Server | undefined
  for (const server of servers) {
    if (!mayServe(server) || server.facts.inFlight / server.weight !== lowest) continue
    last = server
    at -= server.weight
    if (at < 0) break
  }
  return last
}

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2
let turn = 0

/**
 * Rendezvous hashing with weights: every replica orders the servers alike for an address, and a server that goes moves
 * only its own clients (Thaler and Ravishankar, 1998; weights after Schindelhauer and Schomaker, 2005).
 */
function bySource(
  servers: readonly Server[],
  mayServe: Eligible,
  clientAddress: string,
): Server | undefined {
  let chosen: Server | undefined
  let lowest = Number.POSITIVE_INFINITY
  for (const server of servers) {
    if (!mayServe(server)) continue
    const text = `${clientAddress}\0${server.affinityKey}`
    const hash = createHash('sha256').update(text).digest()
    const score = -Math.log((hash.readUInt32BE(0) + 0.5) / 2 ** 32) / server.weight
    if (score < lowest) chosen = server
    lowest = Math.min(lowest, score)
  }
  return chosen
}
