/**
 * Failed sign-ins by user, counted as Active Directory counts them: the count falls back to zero when no failure came
 * for the window ([MS-SAMR] 3.1.1.8.9, lockoutObservationWindow), not when the first one is that old. Whoever tries
 * slowly would else stay below our number and reach that of the domain.
 */
import type { FamiliarClients } from './familiar-clients.ts'
import { type Counted, TieredTable } from './tiered-table.ts'

export interface UserLimit {
  readonly failures: number
  readonly windowMs: number
  readonly blockMs: number
}

/** Clients that are not known to be the user's, and those that are, have counts of their own. */
export type Side = 'unfamiliar' | 'familiar'

export interface UserEntry extends Counted {
  readonly unfamiliar: number
  readonly familiar: number
}

/** What a try of a user may do now. */
export type Leave = 'pass' | 'wait' | 'blocked'

const MOST_USERS = 32_768

const NONE: UserEntry = { unfamiliar: 0, familiar: 0, weight: 0, staleAtMs: 0 }

export class UserCounts {
  readonly limit: UserLimit
  readonly #table: TieredTable<UserEntry>
  readonly #familiar: FamiliarClients
  /** How often others had set the count of a user back, when we last heard. */
  readonly #resets = new Map<string, number>()
  /** Tries under way. */
  readonly #pending = new Map<string, Record<Side, number>>()

  /** @param familiar lives on when the limit changes */
  constructor(limit: UserLimit, familiar: FamiliarClients, most = MOST_USERS) {
    this.limit = limit
    this.#familiar = familiar
    this.#table = new TieredTable({
      most,
      nearWeight: Math.ceil(limit.failures / 2),
      memoryMs: this.holdMs,
    })
  }

  /** A domain goes on counting as long as its window: a block that ended earlier would help to lock the account. */
  get holdMs(): number {
    return Math.max(this.limit.windowMs, this.limit.blockMs)
  }

  /** The most that a domain sees of a user between two successes. */
  get mostFailures(): number {
    return 2 * this.limit.failures - 1
  }

  sideOf(user: string, client: string, nowMs: number): Side {
    return this.#familiar.has(user, client, nowMs) ? 'familiar' : 'unfamiliar'
  }

  /** Those under way may all fail: they count until it is known. */
  leaveFor(user: string, side: Side, nowMs: number): Leave {
    const entry = this.entryOf(user, nowMs)
    const pending = this.#pending.get(user)
    if (this.#isBeyond(entry, side)) return 'blocked'
    if (!pending) return 'pass'
    const unfamiliar = entry.unfamiliar + pending.unfamiliar
    const familiar = entry.familiar + pending.familiar
    return this.#isBeyond({ unfamiliar, familiar }, side) ? 'wait' : 'pass'
  }

  isBlocked(user: string, side: Side, nowMs: number): boolean {
    return this.#isBeyond(this.entryOf(user, nowMs), side)
  }

  #isBeyond(counts: Record<Side, number>, side: Side): boolean {
    if (counts[side] >= this.limit.failures) return true
    return counts.unfamiliar + counts.familiar >= this.mostFailures
  }

  begin(user: string, side: Side): void {
    const pending = this.#pending.get(user) ?? { unfamiliar: 0, familiar: 0 }
    pending[side]++
    this.#pending.set(user, pending)
  }

  end(user: string, side: Side): void {
    const pending = this.#pending.get(user)
    if (!pending) return
    pending[side]--
    if (pending.unfamiliar + pending.familiar === 0) this.#pending.delete(user)
  }

  /** @returns the entry as it is now */
  fail(user: string, side: Side, nowMs: number): UserEntry {
    const { unfamiliar, familiar } = this.entryOf(user, nowMs)
    const counts = { unfamiliar, familiar }
    counts[side]++
    return this.put(user, counts, nowMs)
  }

  /**
   * The domain forgets what failed. So do we for the side that signed in; a familiar client does not open the door again
   * to those who are not: they would get another round of guesses each time the user signs in.
   */
  succeed(user: string, client: string, side: Side, nowMs: number): void {
    const { unfamiliar } = this.entryOf(user, nowMs)
    this.#familiar.add(user, client, nowMs)
    if (side === 'familiar' && unfamiliar > 0) this.put(user, { unfamiliar, familiar: 0 }, nowMs)
    else this.forget(user, nowMs)
  }

  /** From here on nothing has failed. */
  forget(user: string, nowMs: number): void {
    this.#table.delete(user)
    // The sketch cannot forget; an entry of nothing goes before what it says.
    if (this.#table.lostWeight(user, nowMs) > 0)
      this.put(user, { unfamiliar: 0, familiar: 0 }, nowMs)
  }

  /** What other lyncgates have counted. */
  hear(
    user: string,
    client: string,
    heard: Record<Side, number> & { readonly resets: number; readonly isFamiliar: boolean },
    nowMs: number,
  ): void {
    if (heard.isFamiliar) this.#familiar.add(user, client, nowMs)
    const own = this.entryOf(user, nowMs)
    const known = this.#resets.get(user)
    const isSetBack = known !== undefined && known !== heard.resets && heard.resets > 0
    this.#resets.set(user, heard.resets)
    if (this.#resets.size > MOST_USERS) this.#resets.clear()
    if (isSetBack) {
      this.put(user, { unfamiliar: heard.unfamiliar, familiar: heard.familiar }, nowMs)
      return
    }
    const unfamiliar = Math.max(own.unfamiliar, heard.unfamiliar)
    const familiar = Math.max(own.familiar, heard.familiar)
    if (unfamiliar + familiar > own.weight) this.put(user, { unfamiliar, familiar }, nowMs)
  }

  put(user: string, counts: Record<Side, number>, nowMs: number): UserEntry {
    const weight = counts.unfamiliar + counts.familiar
    const entry = { ...counts, weight, staleAtMs: nowMs + this.holdMs }
    this.#table.set(user, entry, nowMs)
    return entry
  }

  entryOf(user: string, nowMs: number): UserEntry {
    const entry = this.#table.get(user, nowMs)
    if (entry) return entry
    const lost = this.#table.lostWeight(user, nowMs)
    if (lost === 0) return NONE
    return { unfamiliar: lost, familiar: 0, weight: lost, staleAtMs: nowMs + this.holdMs }
  }
}
