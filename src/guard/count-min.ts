/**
 * A count-min sketch (Cormode, Muthukrishnan 2005): counts of any number of keys in a fixed piece of memory. What it says
 * is never too low; it is too high where many keys share cells. Old counts are forgotten by halves.
 */
import { createHmac, randomBytes } from 'node:crypto'

const ROWS = 4
const CELLS = 1 << 16

type Generation = Uint32Array

export class CountMin {
  readonly #periodMs: number
  /** Nobody outside can choose keys that share cells. */
  readonly #secret = randomBytes(16)
  #current: Generation | undefined
  #previous: Generation | undefined
  #turnedAtMs = Number.NEGATIVE_INFINITY

  /** @param periodMs what was added is remembered for that long at least, and for twice as long at most */
  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  /** Notes that a key has been counted so far. Nothing is allocated before the first. */
  raise(key: string, count: number, nowMs: number): void {
    this.#turn(nowMs)
    this.#current ??= new Uint32Array(ROWS * CELLS)
    for (const cell of this.#cellsOf(key))
      this.#current[cell] = Math.max(this.#current[cell] ?? 0, count)
  }

  /** Never lower than what was noted. 0 as long as nothing was. */
  estimate(key: string, nowMs: number): number {
    if (!this.#current && !this.#previous) return 0
    this.#turn(nowMs)
    const cells = this.#cellsOf(key)
    const least = (generation: Generation | undefined): number =>
      generation ? Math.min(...cells.map((cell) => generation[cell] ?? 0)) : 0
    return Math.max(least(this.#current), least(this.#previous))
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#turnedAtMs < this.#periodMs) return
    const isLate = nowMs - this.#turnedAtMs >= 2 * this.#periodMs
    this.#previous = isLate ? undefined : this.#current
    this.#current = undefined
    this.#turnedAtMs = nowMs
  }

  #cellsOf(key: string): readonly number[] {
    const hash = createHmac('sha256', this.#secret).update(key).digest()
    return Array.from(
      { length: ROWS },
      (_, row) => row * CELLS + (hash.readUInt32LE(row * 4) & (CELLS - 1)),
    )
  }
}
