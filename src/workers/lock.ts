/** One at a time, in the order of asking. */
export class Lock {
  #last: Promise<void> = Promise.resolve()

  /** Resolves when it is the caller's turn, with the way to end it. */
  async take(): Promise<() => void> {
    const before = this.#last
    let release = (): void => {}
    this.#last = new Promise((resolve) => {
      release = resolve
    })
    await before
    return release
  }
}
