/** How the lab reads a request target: about as generously as IIS does, so that a leak shows. */

/** A request target in the parts the lab routes by. */
export interface LabTarget {
  /** Decoded once, lower case, slashes collapsed, dot segments resolved: what IIS would map to a directory. */
  readonly path: string
  /** The path as above but with the sender's case, for names that are echoed or looked up. */
  readonly writtenPath: string
  /** Everything after the first `?`, undecoded; empty when there is none. */
  readonly rawQuery: string
  readonly query: URLSearchParams
}

/** Splits and decodes a target. Never throws: a bad escape stays as it was written. */
export function readTarget(target: string): LabTarget {
  const local = target.replace(/^https?:\/\/[^/?]*/i, '')
  const mark = local.indexOf('?')
  const rawPath = mark < 0 ? local : local.slice(0, mark)
  const rawQuery = mark < 0 ? '' : local.slice(mark + 1)
  const writtenPath = canonical(rawPath)
  return {
    path: writtenPath.toLowerCase(),
    writtenPath,
    rawQuery,
    query: new URLSearchParams(rawQuery),
  }
}

/** The first segment of a canonical path: its IIS virtual directory, without parameters (`;a`) or stream names. */
export function directoryOf(path: string): string {
  const segment = path.split('/')[1] ?? ''
  return segment.replace(/[;:].*$/, '').replace(/[. ]+$/, '')
}

function canonical(rawPath: string): string {
  const segments: string[] = []
  for (const segment of decodeOnce(rawPath).split(/[\\/]+/)) {
    if (segment === '..') segments.pop()
    else if (segment !== '.' && segment !== '' && !isCookielessState(segment))
      segments.push(segment)
  }
  return `/${segments.join('/')}`
}

/** Old ASP.NET removes segments like `(S(abc))` before the path is mapped. */
function isCookielessState(segment: string): boolean {
  return /^\([a-z]\([^)]*\)\)$/i.test(segment)
}

function decodeOnce(text: string): string {
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
