/**
 * Paths that a rule opens or closes, in the one spelling that requests are compared in. What is left
 * out of a request's path before that is refused here: such an entry would silently do nothing.
 */
import { posix } from 'node:path'
import { failed, ok, type Result } from '../base/result.ts'
import type { NameTrouble } from './host-name.ts'
import type { ProblemCode } from './problem-codes.ts'
import { quote } from './quote.ts'

/** For editors: most of what a path must be. */
export const rulePathPattern = /^\/[^\\?#%*;:]+$/

const longestPath = 200

type PathTrouble = NameTrouble & { readonly code: ProblemCode }

/**
 * A path in lower case without a trailing slash; it stands for itself and all below it.
 * `rootHint` says what to do for those who write `/` alone.
 */
export function parseRulePath(text: string, rootHint: string): Result<string, PathTrouble> {
  if (text.length > longestPath) {
    const message = `is longer than ${longestPath} characters`
    return failed({ code: 'out-of-range', message })
  }
  // As the comparison does it with the path of a request.
  const path = text.normalize('NFKC').toLowerCase().replaceAll('ı', 'i')
  const flaw = findFlaw(path)
  if (flaw) {
    const hint = writeHint(flaw, rootHint)
    return failed({ code: 'bad-path', message: flaw.message, ...(hint && { hint }) })
  }
  const bare = path.replace(/\/$/, '')
  if (bare === '') return failed({ code: 'bad-path', message: 'is everything', hint: rootHint })
  return ok(bare)
}

interface Flaw {
  readonly message: string
  /** What was probably meant; it may have a flaw of its own. */
  readonly meant?: string
  /** What to know; on its own, or before what was meant. */
  readonly hint?: string
}

const findFlaw = (path: string): Flaw | undefined => findStrayPart(path) ?? findOddName(path)

function writeHint({ meant, hint }: Flaw, rootHint: string): string | undefined {
  if (meant === '/') return rootHint
  // No hint leads from one mistake into the next.
  if (meant === undefined || findFlaw(meant)) return hint
  return hint === undefined ? `write ${quote(meant)}` : `${hint}: ${quote(meant)}`
}

/** What belongs to a URL or to a pattern. */
function findStrayPart(path: string): Flaw | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*([^?#]*)/.exec(path)
  if (url) return { message: 'is a URL', meant: url[1] ?? '', hint: 'write the path alone' }
  if (/\p{Cc}/u.test(path)) return { message: 'has control characters' }
  if (path.includes('\\')) return { message: 'has a backslash', meant: path.replace(/\\+/g, '/') }
  const [beforeQuery = '', query] = path.split('?')
  if (query !== undefined) return { message: 'has a query', meant: beforeQuery }
  const [beforeFragment = '', fragment] = path.split('#')
  if (fragment !== undefined) return { message: 'has a fragment', meant: beforeFragment }
  if (path.includes('%')) {
    const hint = 'write the characters themselves; requests that escape them are found'
    return { message: 'has percent-escapes', hint }
  }
  if (path.includes('*')) {
    const hint = 'a path stands for all below it too'
    return { message: 'has a wildcard', hint, meant: path.replace(/\/?\*+$/, '') || '/' }
  }
  if (path.startsWith('/')) return undefined
  return { message: 'does not begin with "/"', meant: `/${path}` }
}

/** Names that the servers, and so the comparison, read as other names. */
function findOddName(path: string): Flaw | undefined {
  const names = path.split('/')
  if (names.some((name) => /^[. ]*\.[. ]*$/.test(name))) {
    return { message: 'has dot segments', meant: posix.normalize(path) }
  }
  if (path.includes('//')) {
    return { message: 'has an empty name in it', meant: path.replace(/\/+/g, '/') }
  }
  if (/[;:]|\([a-z]\(/.test(path)) {
    const hint = 'path parameters, streams and session ids of requests are ignored: leave them out'
    return { message: 'has more than names in it', hint }
  }
  if (names.some((name) => /^ |[. ]$/.test(name))) {
    const meant = names.map((name) => name.replace(/^ +|[. ]+$/g, '')).join('/')
    return { message: 'has a name with a dot or blank at its edge', meant }
  }
  return undefined
}
