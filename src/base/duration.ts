/** Durations as administrators write them (`500ms 5s 16m 1h`), in milliseconds inside the program. */
import { failed, ok, type Result } from './result.ts'

/**
 * The longest duration in milliseconds, a little under 25 days: Node fires a timer with a longer
 * delay at once, which would turn "nearly never" into "immediately".
 */
export const longestDurationMs = 2 ** 31 - 1

/** What a duration looks like, for schemas and messages. */
export const durationPattern = /^\d{1,10}(?:ms|s|m|h)$/

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

type Unit = keyof typeof unitsMs

const units: readonly Unit[] = ['h', 'm', 's', 'ms']

const isUnit = (text: string): text is Unit => Object.hasOwn(unitsMs, text)

/**
 * Reads one whole number with one unit, `ms`, `s`, `m` or `h`, without a space: `16m`, `0s`.
 * Returns milliseconds, or a sentence that says what is wrong.
 */
export function parseDuration(text: string): Result<number, string> {
  const [, digits = '', unit = ''] = /^(\d{1,10})([a-z]{1,2})$/.exec(text) ?? []
  if (!isUnit(unit)) {
    return failed('a duration is a whole number with ms, s, m or h, such as 500ms or 16m')
  }
  const durationMs = Number(digits) * unitsMs[unit]
  if (durationMs > longestDurationMs) return failed('the longest duration is 596h')
  return ok(durationMs)
}

/** Writes milliseconds with the largest unit that divides them: 960000 is `16m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  const unit = units.find((candidate) => durationMs % unitsMs[candidate] === 0) ?? 'ms'
  return `${durationMs / unitsMs[unit]}${unit}`
}
