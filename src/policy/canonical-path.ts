/**
 * The path of a target as IIS might read it, for the decision only: what is forwarded stays as it came.
 *
 * http.sys decodes once, older filters twice; it takes `%u0063`, turns backslashes around, and resolves dot segments;
 * NTFS drops trailing dots and blanks, takes `name::$DATA` and short names; ASP.NET removes `(S(...))`. Instead of
 * guessing which of them happens, every reading is made, and a path is refused when one of them is internal.
 *
 * A client writes these paths, so nothing here costs more than a step or two for each character: no expression has a
 * quantifier that could backtrack. test/unit/policy/hostile-paths-are-cheap.test.ts counts.
 */
import { plainPathEnd } from './plain-path.ts'
import { type Reading, readPath } from './read-path.ts'

export type CanonicalPath =
  | { readonly ok: true; readonly readings: readonly [Reading, ...Reading[]] }
  /** It cannot be decided how the server would read it. */
  | { readonly ok: false; readonly reason: string }

/** `%25252563`: nothing decodes that often, and no client writes it. */
const MAX_DECODINGS = 3

/** IIS takes 4096 characters (request filtering, maxUrl; 404.14 beyond); three for each when all are escaped. */
const MAX_LENGTH = 3 * 4096

/** @param target origin-form, latin1 as the parser hands it over; the query plays no part */
export function canonicalPath(target: string): CanonicalPath {
  const end = plainPathEnd(target)
  if (end !== -1) return { ok: true, readings: [plainReading(target, end)] }
  const query = target.indexOf('?')
  let text = query === -1 ? target : target.slice(0, query)
  if (text.length > MAX_LENGTH) return undecidable('longer than a server takes it')
  const readings: Reading[] = []
  for (let round = 0; ; round++) {
    const wrong = findHidden(text)
    if (wrong !== undefined) return undecidable(wrong)
    for (const wide of decodings(text)) {
      const found = readPath(wide)
      if (typeof found === 'string') return undecidable(found)
      readings.push(...found)
    }
    const next = unescapeOnce(text)
    if (next === text) break
    if (round === MAX_DECODINGS) return undecidable('encoded too many times')
    text = next
  }
  const [first, ...others] = readings
  if (!first) throw new Error('a path has at least one reading')
  return { ok: true, readings: [first, ...others] }
}

const undecidable = (reason: string): CanonicalPath => ({ ok: false, reason })

function plainReading(target: string, end: number): Reading {
  const last = target.charCodeAt(end - 1) === 0x2f ? end - 1 : end
  const segments = last <= 1 ? [] : target.slice(1, last).toLowerCase().split('/')
  return { segments, hasDotSegments: false, isFolded: false }
}

/** What hides a character from one reader and shows it to another. */
function findHidden(text: string): string | undefined {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x7f) return 'a control character'
  }
  if (OVERLONG.test(text)) return 'an overlong UTF-8 sequence'
  return WIDE_PERCENT.test(text) ? 'a full-width percent sign' : undefined
}

/** More bytes than a character needs hide it from a strict reader and show it to a lax one (RFC 3629 3 and 10). */
const OVERLONG =
  /[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]|\xf8[\x80-\x87][\x80-\xbf]|\xfc[\x80-\x83][\x80-\xbf]/

/** U+FF05 and U+FE6A in UTF-8: best-fit conversion makes an escape of them and what follows. */
const WIDE_PERCENT = /\xef\xbc\x85|\xef\xb9\xaa/

/** Decodes every escape once, into bytes (latin1). An escape that is none stays as it is. */
function unescapeOnce(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(
    /%(?:([0-9a-f][0-9a-f])|u([0-9a-f][0-9a-f][0-9a-f][0-9a-f]))/gi,
    (_, byte?: string, unit?: string) => {
      const char = String.fromCharCode(Number.parseInt(byte ?? unit ?? '', 16))
      return byte === undefined ? Buffer.from(char, 'utf8').toString('latin1') : char
    },
  )
}

/** UTF-8 where it is that; else a code page, to which IIS falls back, and UTF-8 without what is none. */
function decodings(text: string): readonly string[] {
  if (!/[\x80-\xff]/.test(text)) return [text]
  const wide = Buffer.from(text, 'latin1').toString('utf8')
  return wide.includes('\ufffd') ? [text, wide.replaceAll('\ufffd', '')] : [wide]
}
