/**
 * Entries by key in a bounded piece of memory, under attack too. Entries that matter are kept apart from those that
 * anybody can make by the million: a flood of names that fail once pushes out only its like, and what is pushed out is
 * remembered by a sketch, so that nobody is forgotten by it.
 */
import { CountMin } from './count-min.ts'

export interface Counted {
  /** What is not to be forgotten. */
  readonly weight: number
  /** Monotonic milliseconds from which on it means nothing any more. */
  readonly staleAtMs: number
}

export interface TieredTableSettings {
  /** In each of the two tiers. */
  readonly most: number
  /** From this weight on an entry matters. */
  readonly nearWeight: number
  /** How long what is pushed out is remembered at least. */
  readonly memoryMs: number
}

export class TieredTable<Entry extends Counted> {
  readonly #settings: TieredTableSettings
  readonly #pushedOut: CountMin
  readonly #light = new Map<string, Entry>()
  readonly #heavy = new Map<string, Entry>()

  constructor(settings: TieredTableSettings) {
    this.#settings = settings
    this.#pushedOut = new CountMin(settings.memoryMs)
  }

  get size(): number {
    return this.#light.size + this.#heavy.size
  }

  get(key: string, nowMs: number): Entry | undefined {
    const entry = this.#heavy.get(key) ?? this.#light.get(key)
    if (!entry || nowMs < entry.staleAtMs) return entry
    this.delete(key)
    return undefined
  }

  /** The weight that an entry had when it was pushed out, or more; 0: none of this key was. */
  lostWeight(key: string, nowMs: number): number {
    return this.#pushedOut.estimate(key, nowMs)
  }

  set(key: string, entry: Entry, nowMs: number): void {
    this.delete(key)
    const tier = entry.weight >= this.#settings.nearWeight ? this.#heavy : this.#light
    tier.set(key, entry)
    if (tier.size > this.#settings.most) this.#pushOut(tier, nowMs)
  }

  delete(key: string): void {
    if (!this.#heavy.delete(key)) this.#light.delete(key)
  }

  /** The oldest one: it is the next to mean nothing. */
  #pushOut(tier: Map<string, Entry>, nowMs: number): void {
    for (const [key, entry] of tier) {
      tier.delete(key)
      if (nowMs < entry.staleAtMs) this.#pushedOut.raise(key, entry.weight, nowMs)
      return
    }
  }
}
