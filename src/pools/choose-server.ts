/** Which server of a pool answers a request. */
import { createHash } from 'node:crypto'
import { effectiveWeight, FIT, fitnessForItsOwn, fitnessOf, UNKNOWN, UNUSABLE } from './fitness.ts'
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
 * Affinity first (cookie or source address), then least connections in proportion to the weights; always among the
 * fittest servers only. Undefined: no server may be used.
 */
export function chooseServer(pool: Pool, hints: ChoiceHints): Choice | undefined {
  if (pool.affinity === 'cookie' && hints.affinityKey !== undefined) {
    const kept = pool.byAffinityKey.get(hints.affinityKey)
    if (kept && mayKeep(pool, kept, hints.nowMs)) return { server: kept, source: 'cookie' }
  }
  const server = best(pool, hints, NONE)
  return server && { server, source: pool.affinity === 'source' ? 'source' : 'balance' }
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

/**
 * Conversations stay where they are, on a draining server too, and before the first result of a check: a restart must
 * not scatter them. Otherwise the server must be as fit as any.
 */
function mayKeep(pool: Pool, kept: Server, nowMs: number): boolean {
  const fitness = fitnessForItsOwn(pool, kept, nowMs)
  if (fitness === UNUSABLE) return false
  return fitness === FIT || fitness === UNKNOWN || fitness <= lowestFitness(pool, nowMs, NONE)
}

/** Without a copy: this runs for every request. */
function best(pool: Pool, hints: ChoiceHints, tried: ReadonlySet<Server>): Server | undefined {
  const { servers } = pool
  const { nowMs } = hints
  const lowest = lowestFitness(pool, nowMs, tried)
  if (lowest === UNUSABLE) return undefined
  if (servers.length === 1) return servers[0]
  const mayServe = (server: Server): boolean =>
    !tried.has(server) && fitnessOf(pool, server, nowMs) === lowest
  return pool.affinity === 'source'
    ? bySource(servers, mayServe, hints.clientAddress)
    : byLoad(servers, mayServe, nowMs)
}

function lowestFitness(pool: Pool, nowMs: number, tried: ReadonlySet<Server>): number {
  let lowest = UNUSABLE
  for (const server of pool.servers) {
    if (!tried.has(server)) lowest = Math.min(lowest, fitnessOf(pool, server, nowMs))
  }
  return lowest
}

type Eligible = (server: Server) => boolean

/**
 * The least loaded server in proportion to its weight. Equals (an idle pool is the usual case) share in proportion to
 * their weights too: the turns walk over [0, 1) evenly in steps of the golden ratio, and each server owns its part.
 */
function byLoad(servers: readonly Server[], mayServe: Eligible, nowMs: number): Server | undefined {
  const loadOf = (server: Server): number => server.facts.inFlight / effectiveWeight(server, nowMs)
  let lowest = Number.POSITIVE_INFINITY
  let weight = 0
  for (const server of servers) {
    if (!mayServe(server)) continue
    const load = loadOf(server)
    if (load < lowest) weight = 0
    if (load <= lowest) weight += effectiveWeight(server, nowMs)
    lowest = Math.min(lowest, load)
  }
  turn = (turn + GOLDEN_RATIO) % 1
  let at = turn * weight
  let last: Server | undefined
  for (const server of servers) {
    if (!mayServe(server) || loadOf(server) !== lowest) continue
    last = server
    at -= effectiveWeight(server, nowMs)
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
