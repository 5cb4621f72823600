/** Reads the names in a decoded path as Windows would: separators, blanks, dots, streams, session ids, look-alikes. */
import { foldLookAlikes } from './look-alikes.ts'

/** One reading of a path. */
export interface Reading {
  /** Lower case, cleaned, without empty ones. */
  readonly segments: readonly string[]
  /** A dot segment was among them, so that any segment may turn out to be the first one. */
  readonly hasDotSegments: boolean
  /** Letters were replaced by those that they look like. */
  readonly isFolded: boolean
}

/** Every reading of a path, or why there is none. */
export function readPath(wide: string): readonly Reading[] | string {
  const readings: Reading[] = []
  const plain = wide.normalize('NFKC').toLowerCase().replaceAll('ı', 'i')
  const folded = foldLookAlikes(plain)
  for (const text of folded === plain ? [plain] : [plain, folded]) {
    const isFolded = text !== plain
    // These came out of an escape: they end the path for one reader and not for another.
    const end = text.search(/[?#]/)
    for (const part of end === -1 ? [text] : [text, text.slice(0, end)]) {
      const reading = readNames(part, isFolded)
      if (typeof reading === 'string') return reading
      readings.push(reading)
    }
  }
  return readings
}

function readNames(text: string, isFolded: boolean): Reading | string {
  const segments: string[] = []
  let hasDotSegments = false
  const names = text.split(/[/\\]/)
  if (names.length > MAX_NAMES) return 'more names than a server takes'
  for (const raw of names) {
    if (COOKIELESS.test(raw)) {
      if (!isSessionId(raw)) return 'a session id inside a name'
      continue
    }
    // Path parameters and NTFS streams are no part of a directory's name: `..;x` climbs for some readers. Nor is what
    // came out of an escape and ends the path for others.
    const end = raw.search(/[;:?#]/)
    const written = end === -1 ? raw : raw.slice(0, end)
    const name = trimName(written)
    if (name !== '') segments.push(name)
    // `\\?\` begins a path of its own, as `\\.\` does.
    else if (raw.includes('?') || written.includes('.')) hasDotSegments = true
  }
  return { segments, hasDotSegments, isFolded }
}

/** http.sys refuses more than 255 (UrlSegmentMaxCount); the first one is the empty name before the first slash. */
const MAX_NAMES = 256

/** `(S(`: ASP.NET may take something out of the path. */
const COOKIELESS = /\([a-z]\(/

/**
 * `(S(abc))`, `(A(x)F(y))`: a name that ASP.NET takes out. Inside a longer name it would glue together what it stands
 * between: `/b/(S(x))in` becomes `/bin` (CVE-2023-36899), so that nobody can say where such a path leads.
 */
function isSessionId(name: string): boolean {
  let at = 1
  while (/[a-z]/.test(name.charAt(at)) && name.charAt(at + 1) === '(') {
    const close = name.indexOf(')', at)
    // A parenthesis inside one is read in two ways.
    if (close === -1 || name.slice(at + 2, close).includes('(')) return false
    at = close + 1
  }
  return at > 1 && name.startsWith('(') && at === name.length - 1 && name.endsWith(')')
}

const BLANK = 0x20
const FULL_STOP = 0x2e

/** Windows drops dots and blanks behind a name; blanks before it are dropped by some. */
function trimName(name: string): string {
  let start = 0
  let end = name.length
  while (start < end && name.charCodeAt(start) <= BLANK) start++
  while (end > start && isDropped(name.charCodeAt(end - 1))) end--
  return name.slice(start, end)
}

const isDropped = (code: number): boolean => code <= BLANK || code === FULL_STOP
