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
  const server = best(pool, hints, undefined)
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

const isAvoided = (server: Server, hints: ChoiceHints): boolean =>
  server.facts.avoidUntilMs > hints.nowMs

let turn = 0

/** One pass without a copy: this runs for every request. Equals take turns, so that an idle pool shares its work. */
function best(pool: Pool, hints: ChoiceHints, tried: ReadonlySet<Server> | undefined) {
  const { servers } = pool
  const only = servers[0]
  if (servers.length === 1 && !tried) return only
  turn = (turn + 1) % 0x3fffffff
  let chosen: Server | undefined
  let chosenScore = Number.POSITIVE_INFINITY
  let chosenAvoided = true
  for (let i = 0; i < servers.length; i++) {
    const server = servers[(turn + i) % servers.length]
    if (!server || tried?.has(server)) continue
    const avoided = isAvoided(server, hints)
    if (avoided && chosen && !chosenAvoided) continue
    const score = pool.affinity === 'source' ? sourceScore(server, hints) : loadScore(server)
    if (score < chosenScore || (chosenAvoided && !avoided)) {
      chosen = server
      chosenScore = score
      chosenAvoided = avoided
    }
  }
  return chosen
}

const loadScore = (server: Server): number => (server.facts.inFlight + 1) / server.weight

/**
 * Rendezvous hashing with weights: every replica orders the servers alike for an address, and a server that goes moves
 * only its own clients (Thaler and Ravishankar, 1998; weights after Schindelhauer and Schomaker, 2005).
 */
function sourceScore(server: Server, hints: ChoiceHints): number {
  const hash = createHash('sha256').update(`${hints.clientAddress}\0${server.affinityKey}`).digest()
  const unit = (hash.readUInt32BE(0) + 0.5) / 2 ** 32
  return -Math.log(unit) / server.weight
}
