/** Who is blocked at the moment, for people: the list of the admin address, log lines and metrics. Decides nothing. */

export interface Block {
  readonly kind: 'user' | 'client'
  /** The key of the account, or of the client. */
  readonly name: string
  /** Failures that led to it. */
  readonly failures: number
  /** Monotonic milliseconds. */
  readonly sinceMs: number
  readonly untilMs: number
  /** Clients that the user is known by are refused as well. Never true for a client. */
  readonly isForFamiliar: boolean
}

/** `elsewhere`: another lyncgate that counts with this one has ended it. */
export type BlockEnd = 'command' | 'sign-in' | 'elsewhere'

export type BlockEvent =
  | { readonly kind: 'begun'; readonly block: Block }
  | {
      readonly kind: 'ended'
      readonly block: Block
      readonly cause: 'time' | BlockEnd
    }

/** More than this are refused, but not listed: a flood of names must not become one of lines and memory. */
const MOST_LISTED = 10_000

export class Blocks {
  readonly #listed = new Map<string, Block>()
  readonly #onEvent: (event: BlockEvent) => void
  /** Since the start, listed or not. */
  readonly begun = { user: 0, client: 0 }

  constructor(onEvent: (event: BlockEvent) => void) {
    this.#onEvent = onEvent
  }

  /** A block has begun, or goes on for longer. */
  note(block: Block): void {
    const key = keyOf(block.kind, block.name)
    const known = this.#listed.get(key)
    if (!known) this.begun[block.kind]++
    if (!known && this.#listed.size >= MOST_LISTED) return
    this.#listed.set(key, { ...block, sinceMs: known?.sinceMs ?? block.sinceMs })
    if (!known) this.#onEvent({ kind: 'begun', block })
  }

  has(kind: Block['kind'], name: string): boolean {
    return this.#listed.has(keyOf(kind, name))
  }

  /** @returns false: nothing was listed */
  end(kind: Block['kind'], name: string, cause: BlockEnd): boolean {
    const key = keyOf(kind, name)
    const block = this.#listed.get(key)
    if (!block) return false
    this.#listed.delete(key)
    this.#onEvent({ kind: 'ended', block, cause })
    return true
  }

  /** Ends those whose time is over. */
  sweep(nowMs: number): void {
    for (const [key, block] of this.#listed) {
      if (nowMs < block.untilMs) continue
      this.#listed.delete(key)
      this.#onEvent({ kind: 'ended', block, cause: 'time' })
    }
  }

  /** Those that began first come first. */
  list(nowMs: number): readonly Block[] {
    return [...this.#listed.values()].filter(({ untilMs }) => nowMs < untilMs)
  }

  clear(): void {
    this.#listed.clear()
  }
}

const keyOf = (kind: string, name: string): string => `${kind} ${name}`
