/** When a responder is asked again. */

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** setTimeout takes no more than 24 days, and nobody loses by a question a week. */
const LONGEST_MS = 7 * 24 * HOUR_MS

export interface Lifetime {
  readonly thisUpdate: Date
  readonly nextUpdate: Date
}

/**
 * At half of the life of a response, or a little earlier. Responders prepare them in advance, so the next answer may be
 * the same: then half of what is left.
 * @param chance 0 to 1; keeps replicas apart
 */
export function refreshDelayMs(
  { thisUpdate, nextUpdate }: Lifetime,
  now: Date,
  chance: number,
): number {
  const half = (thisUpdate.getTime() + nextUpdate.getTime()) / 2
  const toHalf = half - now.getTime()
  const left = nextUpdate.getTime() - now.getTime()
  const delay = toHalf > 0 ? toHalf : left / 2
  return Math.min(Math.max(delay * (1 - chance / 10), MINUTE_MS), LONGEST_MS)
}

/**
 * After a failure: a minute, twice as long after each further one, at most an hour.
 * @param failures in a row, 1 or more
 * @param chance as above
 */
export const retryDelayMs = (failures: number, chance: number): number =>
  Math.min(MINUTE_MS * 2 ** Math.min(failures - 1, 10), HOUR_MS) * (1 - chance / 4)
