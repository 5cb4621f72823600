/** When to try: pure, all times in milliseconds since 1970, chance a number from 0 to 1. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** When a certificate is valid. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/**
 * When to renew what the authority says nothing about: with a third of the time left, and up to a thirtieth earlier, so
 * that certificates that were issued together are not renewed together. Six days or ninety, it is the same rule.
 */
export function renewalTime({ notBefore, notAfter }: Validity, chance: number): number {
  const lifetime = notAfter - notBefore
  return Math.round(notAfter - lifetime / 3 - (lifetime / 30) * chance)
}

/** Let's Encrypt allows 5 failed validations of a name an hour; tries after 0, 5, 15, 35 and 75 minutes keep below it. */
const FIRST_DELAY = 5 * MINUTE

/**
 * How long to wait after failures in a row: twice as long each time, up to a day, give or take a tenth. With a short-lived
 * certificate at most a twelfth of its time, or the last days would pass without a try.
 */
export function delayAfter(
  failures: number,
  validity: Validity | undefined,
  chance: number,
): number {
  const most = validity ? Math.min(DAY, (validity.notAfter - validity.notBefore) / 12) : DAY
  const delay = Math.min(FIRST_DELAY * 2 ** Math.min(failures - 1, 20), most)
  return Math.round(Math.max(delay, MINUTE) * (0.9 + 0.2 * chance))
}

/**
 * How long until renewal information is asked for again: as the authority says, within limits, or six hours (RFC 9773 4.3);
 * a day where it gave none.
 */
export function nextInformation(
  info: { readonly retryAfterMs: number | undefined } | undefined,
): number {
  return info ? Math.min(Math.max(info.retryAfterMs ?? 6 * HOUR, MINUTE), DAY) : DAY
}

/** A moment in the window that the authority suggests (RFC 9773 4.2). */
export const momentIn = (start: number, end: number, chance: number): number =>
  Math.round(start + (end - start) * chance)

/**
 * Reads Retry-After: seconds or a date (RFC 9110 10.2.3). Undefined: nothing usable. What is longer than a day becomes a
 * day: nobody knows whether it was meant.
 */
export function retryAfterMs(field: string | undefined, now: number): number | undefined {
  if (field === undefined) return undefined
  const wait = /^\d{1,9}$/.test(field.trim()) ? Number(field) * 1_000 : Date.parse(field) - now
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), DAY)
}
