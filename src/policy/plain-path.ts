/** What nearly every path looks like: nothing in it can be read in two ways, so it costs one look at each character. */

const NAME = 1
const DOT = 2
const SLASH = 3

/** By character code; 0: may be read in two ways. */
const kinds = new Uint8Array(128)
for (const char of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-')
  kinds[char.charCodeAt(0)] = NAME
kinds[0x2e] = DOT
kinds[0x2f] = SLASH

const QUERY = 0x3f

/**
 * Where the path ends, when it is names of letters, digits, `_`, `-` and single dots inside; -1 when it is not plain.
 * A dot at the edge of a name, an empty name, an escape: all of that may be read in two ways.
 */
export function plainPathEnd(target: string): number {
  if (target.charCodeAt(0) !== 0x2f) return -1
  let before = SLASH
  let at = 1
  for (; at < target.length; at++) {
    const code = target.charCodeAt(at)
    if (code === QUERY) break
    const kind = code < 128 ? (kinds[code] as number) : 0
    if (kind === 0 || (kind !== NAME && before !== NAME)) return -1
    before = kind
  }
  return before === DOT ? -1 : at
}
