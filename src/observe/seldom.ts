/** For log lines that anybody can cause as often as they like: a flood of connections must not become one of lines. */

const PERIOD_MS = 10_000

/**
 * @param now milliseconds of a monotonic clock
 * @returns calls `say` at once, unless it did so in the last ten seconds; `unsaid` counts the times in between
 */
export function createSeldom(now: () => number): (say: (unsaid: number) => void) => void {
  let saidAtMs = Number.NEGATIVE_INFINITY
  let unsaid = 0
  return (say) => {
    if (now() - saidAtMs < PERIOD_MS) {
      unsaid++
      return
    }
    saidAtMs = now()
    say(unsaid)
    unsaid = 0
  }
}
