/**
 * The path of a target as IIS might read it, for the decision only: what is forwarded stays as it came.
 *
 * http.sys decodes once, older filters twice; it takes `%u0063`, turns backslashes around, and resolves dot segments;
 * NTFS drops trailing dots and blanks, takes `name::$DATA` and short names; ASP.NET removes `(S(...))` from anywhere.
 * Instead of guessing which of them happens, every reading is made, and a path is refused when one of them is internal.
 */

/** One reading of a path. */
export interface Reading {
  /** Lower case, cleaned, without empty ones. */
  readonly segments: readonly string[]
  /** A dot segment was among them, so that any segment may turn out to be the first one. */
  readonly hasDotSegments: boolean
}

export type CanonicalPath =
  | { readonly ok: true; readonly readings: readonly [Reading, ...Reading[]] }
  /** It cannot be decided how the server would read it. */
  | { readonly ok: false; readonly reason: string }

/** `%25252563`: nothing decodes that often, and no client writes it. */
const MAX_DECODINGS = 3

/** What nearly every request looks like: nothing in it can be read in two ways. */
const PLAIN = /^(?:\/[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)*\/?$/

/** @param target origin-form, latin1 as the parser hands it over; the query plays no part */
export function canonicalPath(target: string): CanonicalPath {
  const query = target.indexOf('?')
  let text = query === -1 ? target : target.slice(0, query)
  if (PLAIN.test(text)) return { ok: true, readings: [plainReading(text)] }
  const readings: Reading[] = []
  let last = ''
  for (let round = 0; ; round++) {
    const wrong = undecidable(text)
    if (wrong) return { ok: false, reason: wrong }
    for (const reading of readingsOf(text)) readings.push(reading)
    last = text
    text = decode(text)
    if (text === last) break
    if (round === MAX_DECODINGS) return { ok: false, reason: 'encoded too many times' }
  }
  const [first, ...others] = readings
  if (!first) throw new Error('a path has at least one reading')
  return { ok: true, readings: [first, ...others] }
}

const plainReading = (path: string): Reading => ({
  segments: path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== ''),
  hasDotSegments: false,
})

function undecidable(text: string): string | undefined {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return 'a control character'
  }
  return isOverlong(text) ? 'an overlong UTF-8 sequence' : undefined
}

/** Decodes every escape once, into bytes (latin1). An escape that is none stays as it is. */
function decode(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%(?:([0-9a-f]{2})|u([0-9a-f]{4}))/gi, (_, byte?: string, unit?: string) => {
    const code = Number.parseInt(byte ?? unit ?? '', 16)
    const char = String.fromCharCode(code)
    return byte === undefined ? Buffer.from(char, 'utf8').toString('latin1') : char
  })
}

/** More bytes than a character needs hide it from a strict reader and show it to a lax one (RFC 3629 3 and 10). */
function isOverlong(text: string): boolean {
  return /[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]/.test(text)
}

/** UTF-8 where it is that, latin1 where it is not: IIS falls back to a code page. */
function toUnicode(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text
  const wide = Buffer.from(text, 'latin1').toString('utf8')
  return wide.includes('\ufffd') ? text : wide
}

/** `?` and `#` that came out of an escape may end the path for one reader and not for another. */
function readingsOf(text: string): Reading[] {
  const wide = toUnicode(text)
  const readings = [readingOf(wide)]
  const end = wide.search(/[?#]/)
  if (end !== -1) readings.push(readingOf(wide.slice(0, end)))
  return readings
}

/** `(S(abc))`, `(A(x)F(y))`: session ids that ASP.NET takes out of a path, wherever they stand. */
const COOKIELESS = /\((?:[a-z]\([^()/\\]*\))+\)/gi

function readingOf(text: string): Reading {
  // Full-width and other look-alikes become the plain letter, as best-fit conversion does it.
  const plain = text.normalize('NFKC').toLowerCase().replaceAll('ı', 'i').replace(COOKIELESS, '')
  const segments: string[] = []
  let hasDotSegments = false
  for (const raw of plain.split(/[/\\]/)) {
    // Path parameters and NTFS streams are no part of a directory's name: `..;x` climbs for some readers.
    const name = raw.replace(/[;:].*$/s, '')
    if (/^[. ]*\.[. ]*$/.test(name)) hasDotSegments = true
    else if (name.trim() !== '') segments.push(name.replace(/^ +|[. ]+$/g, ''))
  }
  return { segments, hasDotSegments }
}
