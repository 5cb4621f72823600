/** Counts workers that died, and says how soon each is replaced. */

/** A worker that lived shorter than this is replaced after a pause that grows each time. */
const SHORT_LIFE_MS = 10_000
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000

export class Restarts {
  #count = 0
  #shortInARow = 0

  /** Since the start. */
  get count(): number {
    return this.#count
  }

  /** @returns the pause in milliseconds before another one is started: what dies at once would else keep a core busy */
  note(livedMs: number): number {
    this.#count++
    if (livedMs >= SHORT_LIFE_MS) {
      this.#shortInARow = 0
      return 0
    }
    const pauseMs = FIRST_PAUSE_MS * 2 ** this.#shortInARow
    this.#shortInARow++
    return Math.min(pauseMs, LONGEST_PAUSE_MS)
  }
}
