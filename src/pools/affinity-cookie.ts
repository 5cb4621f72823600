/**
 * The affinity cookie.
 *
 * Microsoft, "Load balancing requirements for Skype for Business": the cookie MUST be named MS-WSMAN, MUST NOT be
 * httpOnly, MUST NOT have an expiration time, and MUST be set in every response whose request had none, also when an
 * earlier response on the same TCP connection has set it.
 */

export const AFFINITY_COOKIE = 'MS-WSMAN'

/**
 * The Set-Cookie value. No Secure: the same names answer on port 80, where a browser would refuse to replace a Secure
 * cookie ("leave secure cookies alone", RFC 6265bis 5.7), and the value is no secret. See docs/decisions/0006.
 */
export const affinityCookie = (affinityKey: string): string =>
  `${AFFINITY_COOKIE}=${affinityKey}; path=/`

const NAME = `${AFFINITY_COOKIE}=`

/** The value of the affinity cookie in one Cookie field; undefined when there is none. The first one counts. */
export function readAffinityCookie(cookieField: string): string | undefined {
  let at = cookieField.indexOf(NAME)
  while (at !== -1) {
    if (at === 0 || startsCookie(cookieField, at)) {
      const start = at + NAME.length
      const end = cookieField.indexOf(';', start)
      const value = end === -1 ? cookieField.slice(start) : cookieField.slice(start, end)
      return value.trim().replace(/^"(.*)"$/, '$1')
    }
    at = cookieField.indexOf(NAME, at + 1)
  }
  return undefined
}

/** True when only a separator and blanks stand before `at`, so that `X-MS-WSMAN=` is not taken for ours. */
function startsCookie(field: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (field[before] === ' ' || field[before] === '\t')) before--
  return before < 0 || field[before] === ';' || field[before] === ','
}

/** True for a Set-Cookie value that sets the affinity cookie, whoever sent it. */
export const setsAffinityCookie = (setCookie: string): boolean =>
  setCookie.trimStart().startsWith(NAME)
