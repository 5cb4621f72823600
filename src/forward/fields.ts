/** What the proxy must know about header fields by name. Names are told apart by length before anything is lowered. */

/** RFC 9110 5.1 and 5.6.2. */
export const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** What must not be in a field value or a reason (RFC 9110 5.5): it could end the line. */
export const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Compares a field name, first with the spelling that is usual.
 * @param lower the same in lower case
 */
export const isNamed = (name: string, usual: string, lower: string): boolean =>
  name === usual || name.toLowerCase() === lower

/** Fields that are for the next hop only (RFC 9110 7.6.1; RFC 2616 13.5.1 for the two about proxy credentials). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
])

/** Tells in any case whether a name is among some, all shorter than 32: most others by their length alone. */
function isAmong(names: ReadonlySet<string>): (name: string) => boolean {
  /** One bit for each length that occurs. */
  const lengths = [...names].reduce((bits, { length }) => bits | (1 << length), 0)
  return (name) =>
    name.length < 32 && ((lengths >>> name.length) & 1) === 1 && names.has(name.toLowerCase())
}

/** True for a field that ends here, whatever Connection says. */
export const isHopByHop = isAmong(HOP_BY_HOP)

/**
 * True for a field of an answer that tells the server's software or its internal name, which X-MS-Server-Fqdn does (UCWA,
 * BatchingRequests).
 */
export const tellsOfServer = isAmong(new Set(['server', 'x-powered-by', 'x-ms-server-fqdn']))

/** As many are exact in a number, and no body is longer. */
const MOST_DIGITS = 15

/** A Content-Length or a status (RFC 9110 8.6 and 15); NaN: it is not made of 1 to 15 digits. */
export function readDigits(text: string): number {
  if (text.length === 0 || text.length > MOST_DIGITS) return Number.NaN
  let value = 0
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

/**
 * Fields that a Connection option cannot take away: without them the message would mean something else to the next
 * reader, or lose who sent it (RFC 9110 7.6.1: what is meant for all recipients is not to be nominated). Other fields
 * the sender may nominate; it only hurts itself.
 */
const NOT_NOMINABLE = new Set([
  'authentication-info',
  'authorization',
  'cache-control',
  'close',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'location',
  'range',
  'set-cookie',
  'www-authenticate',
  'x-ms-webticket',
])

/** The field names that the Connection fields nominate, lower case; undefined: none. */
export function nominatedFields(
  connectionValues: readonly string[],
): ReadonlySet<string> | undefined {
  let names: Set<string> | undefined
  for (const value of connectionValues) {
    // What nearly everybody sends; it names no field.
    if (value === 'keep-alive' || value === 'close' || value === 'Keep-Alive') continue
    for (const part of value.split(',')) {
      const name = part.trim().toLowerCase()
      if (name === '' || NOT_NOMINABLE.has(name) || HOP_BY_HOP.has(name)) continue
      // They are ours to write (CVE-2024-45410 and CVE-2022-31813 of other proxies).
      if (isForwardedField(name)) continue
      names ??= new Set()
      names.add(name)
    }
  }
  return names
}

/** Any spelling of the X-Forwarded-* family that a back end may take for it: CGI style makes `_` of all signs. */
const FORWARDED = /^(?:forwarded|x[^a-z0-9]forwarded(?:[^a-z0-9].*)?)$/i

export const isForwardedField = (name: string): boolean => {
  const first = name.charCodeAt(0) | 0x20
  return (first === 0x78 || first === 0x66) && FORWARDED.test(name)
}

/** Authentication schemes that belong to the connection and not to the request (RFC 4559; MS-NTHT). */
const CONNECTION_SCHEME = /^\s*(?:ntlm|nego[a-z0-9]*|kerberos)(?:\s|$)/i

/** True when an Authorization value makes the connection somebody's. */
export const isConnectionBound = (authorization: string): boolean =>
  CONNECTION_SCHEME.test(authorization)

const CONNECTION_OFFER = /(?:^|,)\s*(?:ntlm|nego|kerberos)/i

/** True when a WWW-Authenticate value offers a scheme that belongs to the connection. */
export const offersConnectionBound = (challenge: string): boolean =>
  CONNECTION_OFFER.test(challenge)

/** Trailer fields that would change how the message is read (RFC 9110 6.5.1); they are not passed on. */
const NOT_A_TRAILER = new Set([
  ...HOP_BY_HOP,
  'authorization',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'max-forwards',
  'set-cookie',
  'trailer',
  'www-authenticate',
])

export const mayBeTrailer = (name: string): boolean =>
  !NOT_A_TRAILER.has(name.toLowerCase()) && !isForwardedField(name)
