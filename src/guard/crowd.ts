/**
 * Every connection of clients in this process, and who goes when there is no room: first those that have not come to
 * anything, then idle ones, last those that are idle and signed in. What is in use is never touched.
 *
 * Nothing is kept in order on the way: only when a limit is reached all are looked at, once for many that then go.
 */
import type { Among, ConnectionLimits } from './connection-limits.ts'

/** What a connection that could go is. */
export type Idleness = 'unfinished' | 'idle' | 'signed-in'

export interface Guest {
  /** As `clientKey` writes it. */
  readonly client: string
  /** The name of the listener it came in by. */
  readonly listener: string
  /** At this moment; undefined: it is in use, or goes anyway. */
  readonly idleness: Idleness | undefined
  /** Since when, monotonic milliseconds. */
  readonly idleSinceMs: number
  /** Ends it now, and gives its place back before it returns. */
  shed(): void
}

/** The order in which they go. Ages in milliseconds: a client on a bad network needs time for its first request. */
const ORDER: readonly { readonly idleness: Idleness; readonly ageMs: number }[] = [
  { idleness: 'unfinished', ageMs: 5_000 },
  { idleness: 'idle', ageMs: 1_000 },
  { idleness: 'unfinished', ageMs: 1_000 },
  { idleness: 'signed-in', ageMs: 60_000 },
]

/** Found with one look at all of them. */
const FOUND_AT_ONCE = 256

/** The next look is so far away: a look at 20,000 connections takes about a millisecond. */
const NEXT_LOOK_MS = 10

/** The same after one that found nobody. */
const NEXT_LOOK_IN_VAIN_MS = 250

/** Clients and listeners at their own limit that are remembered. */
const MOST_FOUND = 64

/** Connections over the limits that are told so, at the same time: so many, and no more than this part of the others. */
const MOST_TOLD = 64
const PART_TOLD = 1 / 4

/** Who is being told and has not asked anything for so long goes for the next one. */
const TELLING_MS = 1_000

/** What the last look found. */
interface Found {
  /** When it can be looked again, monotonic milliseconds. */
  readonly untilMs: number
  readonly guests: Guest[]
}

export class Crowd {
  readonly limits: ConnectionLimits
  readonly #now: () => number
  readonly #guests = new Set<Guest>()
  /** By `keyOf` those among whom they were looked for. */
  readonly #found = new Map<string, Found>()
  /** In the order in which they came. */
  readonly #told = new Set<Guest>()

  /** @param now monotonic milliseconds */
  constructor(limits: ConnectionLimits, now: () => number) {
    this.limits = limits
    this.#now = now
    limits.makeRoom = (among) => this.#makeRoom(among)
  }

  /** Connections over the limits that are being told so. */
  get told(): number {
    return this.#told.size
  }

  add(guest: Guest): void {
    this.#guests.add(guest)
  }

  /** It has gone; more than once does no harm. */
  remove(guest: Guest): void {
    this.#guests.delete(guest)
    this.#told.delete(guest)
  }

  /** May one more come in that is over the limits, to be told so? Then `addTold` is called for it. */
  mayTell(): boolean {
    const most = Math.min(MOST_TOLD, Math.max(1, this.limits.open * PART_TOLD))
    if (this.#told.size < most) return true
    const [oldest] = this.#told
    if (!oldest || this.#now() - oldest.idleSinceMs < TELLING_MS) return false
    oldest.shed()
    return true
  }

  addTold(guest: Guest): void {
    this.#told.add(guest)
  }

  #makeRoom(among: Among): boolean {
    const key = keyOf(among)
    const nowMs = this.#now()
    let found = this.#found.get(key)
    if (!found || (found.guests.length === 0 && nowMs >= found.untilMs)) {
      const guests = this.#look(among, nowMs)
      const untilMs = nowMs + (guests.length > 0 ? NEXT_LOOK_MS : NEXT_LOOK_IN_VAIN_MS)
      found = { untilMs, guests }
      if (this.#found.size >= MOST_FOUND) this.#found.clear()
      this.#found.set(key, found)
    }
    for (let guest = found?.guests.pop(); guest; guest = found?.guests.pop()) {
      // It may have come to something since it was found.
      if (rankOf(guest, nowMs) === undefined) continue
      guest.shed()
      return true
    }
    return false
  }

  /** Those to go first, the very first at the end. Of equals, the client with most connections gives up one. */
  #look(among: Among, nowMs: number): Guest[] {
    let best = Number.POSITIVE_INFINITY
    let found: Guest[] = []
    for (const guest of this.#guests) {
      if (!isAmong(guest, among)) continue
      const rank = rankOf(guest, nowMs)
      if (rank === undefined) continue
      const score = rank * 32 - Math.floor(Math.log2(this.limits.countOf(guest.client) + 1))
      if (score > best) continue
      if (score < best) found = []
      best = score
      found.push(guest)
    }
    found.sort((one, other) => one.idleSinceMs - other.idleSinceMs)
    return found.slice(0, FOUND_AT_ONCE).reverse()
  }
}

function keyOf(among: Among): string {
  if (among === 'all') return ''
  return 'client' in among ? `client ${among.client}` : `listener ${among.listener}`
}

function isAmong({ client, listener }: Guest, among: Among): boolean {
  if (among === 'all') return true
  return 'client' in among ? client === among.client : listener === among.listener
}

function rankOf(guest: Guest, nowMs: number): number | undefined {
  const { idleness } = guest
  if (idleness === undefined) return undefined
  const ageMs = nowMs - guest.idleSinceMs
  const rank = ORDER.findIndex((each) => each.idleness === idleness && ageMs >= each.ageMs)
  return rank < 0 ? undefined : rank
}
