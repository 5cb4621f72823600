/** Requests that a client sends before it has the answers to others: they wait, and only so many of them. */
import type { Incoming } from './exchange.ts'

/**
 * Clients of Lync send none; one that sends more than this without waiting is no client (Node's parser would work through
 * thousands).
 */
const MAX_AHEAD = 16

/** Of their bodies. The parser goes on behind each of them, so that only the sum is a bound. */
const MAX_BYTES_AHEAD = 64 * 1024

export class RequestsAhead {
  readonly #waiting: Incoming[] = []

  /** @returns false: it is more than any client sends, and was not added */
  add(incoming: Incoming): boolean {
    if (this.#waiting.length >= MAX_AHEAD || this.#bytes() >= MAX_BYTES_AHEAD) return false
    this.#waiting.push(incoming)
    return true
  }

  next(): Incoming | undefined {
    return this.#waiting.length === 0 ? undefined : this.#waiting.shift()
  }

  clear(): void {
    this.#waiting.length = 0
  }

  /** What is held of their bodies. */
  #bytes(): number {
    let bytes = 0
    for (const { req } of this.#waiting) bytes += req.readableLength
    return bytes
  }
}
