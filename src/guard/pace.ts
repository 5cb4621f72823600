/** Whether something moves fast enough. Looked at now and then, so that it costs nothing for each piece that moves. */

export interface PaceSettings {
  /** Milliseconds over which the pace is taken: a pause of this length is never held against anybody. */
  readonly windowMs: number
  /** 0: a single byte per window is enough. */
  readonly bytesPerSecond: number
}

export class Pace {
  #sinceMs = 0
  #from: number | undefined

  /**
   * One look.
   * @param moved bytes until now; undefined: there is nothing to wait for, and the next window begins later
   * @param nowMs monotonic milliseconds
   * @returns false: a whole window long it was waited, and too little has moved. At the latest after two windows
   */
  isKept(moved: number | undefined, nowMs: number, settings: PaceSettings): boolean {
    if (moved === undefined || this.#from === undefined || moved < this.#from) {
      this.#from = moved
      this.#sinceMs = nowMs
      return true
    }
    const pastMs = nowMs - this.#sinceMs
    if (pastMs < settings.windowMs) return true
    const wanted = Math.max(1, (settings.bytesPerSecond * pastMs) / 1000)
    if (moved - this.#from < wanted) return false
    this.#from = moved
    this.#sinceMs = nowMs
    return true
  }
}
