/** Timing of what takes well under a microsecond. */

/**
 * Nanoseconds of a call, over at least so many milliseconds.
 * @param batch calls between two looks at the clock, so that the look does not count
 */
export function nanosecondsOf(run: () => unknown, ms: number, batch: number): number {
  const start = performance.now()
  let calls = 0
  let now = start
  while (now - start < ms) {
    for (let i = 0; i < batch; i++) run()
    calls += batch
    now = performance.now()
  }
  return ((now - start) * 1e6) / calls
}

/** The best of several rounds: what disturbs makes a round slower, never quicker. */
export function bestOf(rounds: number, round: () => number): number {
  return Math.min(...Array.from({ length: rounds }, round))
}
