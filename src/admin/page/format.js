/** Numbers and moments as people read them. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** @param {number} value */
export const count = (value) => whole.format(value)

/** @param {number} value per second */
export const rate = (value) => (value >= 100 ? whole : fine).format(value)

/** @param {number | null | undefined} ms */
export function milliseconds(ms) {
  if (ms === null || ms === undefined) return '–'
  if (ms < 1000) return `${(ms < 10 ? fine : whole).format(ms)} ms`
  const seconds = ms / 1000
  return seconds < 120 ? `${fine.format(seconds)} s` : `${fine.format(seconds / 60)} min`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** @param {number} value */
export function bytes(value) {
  let at = 0
  let left = value
  for (; left >= 1024 && at < UNITS.length - 1; at++) left /= 1024
  return `${fine.format(left)} ${UNITS[at]}`
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const shortClock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

/** @param {string | Date} at */
export const timeOfDay = (at) => clock.format(new Date(at))

/** @param {number} seconds since 1970 */
export const hourAndMinute = (seconds) => shortClock.format(new Date(seconds * 1000))

/**
 * The day too, in a form that is the same everywhere.
 * @param {string} at ISO 8601
 */
export function moment(at) {
  const date = new Date(at)
  const two = (/** @type {number} */ value) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${clock.format(date)}`
}

/** @param {string} at ISO 8601 */
export const day = (at) => moment(at).slice(0, 10)

/** @param {number} days */
export function daysLeft(days) {
  if (days < 0) return 'expired'
  return days === 1 ? '1 day' : `${whole.format(days)} days`
}
