/** Counts wrong tokens per peer, so that nobody tries more than a few in a second. Bounded in memory. */

export const TRIES_PER_SECOND = 10

const WINDOW_MS = 1_000

/** More peers than that are nobody's administrators. */
const MOST_PEERS = 1_000

interface Tries {
  sinceMs: number
  count: number
}

export class WrongTokens {
  readonly #byPeer = new Map<string, Tries>()

  /** @param nowMs monotonic */
  isBlocked(peer: string, nowMs: number): boolean {
    const tries = this.#byPeer.get(peer)
    return tries !== undefined && isFresh(tries, nowMs) && tries.count >= TRIES_PER_SECOND
  }

  /** Returns true for the first one in a while. */
  count(peer: string, nowMs: number): boolean {
    const known = this.#byPeer.get(peer)
    if (known && isFresh(known, nowMs)) {
      known.count++
      return false
    }
    if (this.#byPeer.size >= MOST_PEERS) {
      for (const [each, tries] of this.#byPeer)
        if (!isFresh(tries, nowMs)) this.#byPeer.delete(each)
    }
    // All of them are at it right now: forgetting is better than growing.
    if (this.#byPeer.size >= MOST_PEERS) this.#byPeer.clear()
    this.#byPeer.set(peer, { sinceMs: nowMs, count: 1 })
    return true
  }
}

const isFresh = ({ sinceMs }: Tries, nowMs: number): boolean => nowMs - sinceMs < WINDOW_MS
