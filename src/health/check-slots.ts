/** How many checks may run at once: many dead servers must not take the process's open files or its attention. */

export class CheckSlots {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(slots: number) {
    this.#free = slots
  }

  /**
   * Runs `start` as soon as there is room, at once if there is. It gets a function that gives the room back.
   * @returns a way to leave the queue; it does nothing once `start` has run
   */
  take(start: (release: () => void) => void): () => void {
    let isReleased = false
    const begin = (): void =>
      start(() => {
        if (isReleased) return
        isReleased = true
        this.#free++
        this.#next()
      })
    this.#waiting.push(begin)
    this.#next()
    return () => {
      const at = this.#waiting.indexOf(begin)
      if (at !== -1) this.#waiting.splice(at, 1)
    }
  }

  /** Whoever waits is forgotten. */
  clear(): void {
    this.#waiting.length = 0
  }

  #next(): void {
    if (this.#free === 0) return
    const begin = this.#waiting.shift()
    if (!begin) return
    this.#free--
    begin()
  }
}
