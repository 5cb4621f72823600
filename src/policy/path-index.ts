/** Looks paths up by their first name, so that a request costs the same however many paths there are. */
import type { Reading } from './read-path.ts'

interface Entry<Value> {
  readonly first: string
  readonly rest: readonly string[]
  readonly value: Value
}

export class PathIndex<Value> {
  readonly #byFirst = new Map<string, Entry<Value>[]>()
  readonly #all: readonly Entry<Value>[]

  /** @param entries lower-case paths with their values; of those that fit, the first one counts */
  constructor(entries: Iterable<readonly [path: string, value: Value]>) {
    this.#all = [...entries].map(([path, value]) => {
      const [first = '', ...rest] = path.split('/').filter((name) => name !== '')
      return { first, rest, value }
    })
    for (const entry of this.#all) {
      const others = this.#byFirst.get(entry.first)
      if (others) others.push(entry)
      else this.#byFirst.set(entry.first, [entry])
    }
  }

  /** What the reading lies at or below, beyond doubt. */
  under({ segments, hasDotSegments }: Reading): Value | undefined {
    const first = segments[0]
    if (hasDotSegments || first === undefined) return undefined
    return this.#byFirst
      .get(first)
      ?.find(({ rest }) => rest.every((name, at) => segments[at + 1] === name))?.value
  }

  /** What the reading may lie at or below: short names and dot segments count. */
  perhapsUnder(reading: Reading): Value | undefined {
    if (!reading.hasDotSegments) return this.perhapsAt(reading, 0)
    // Dot segments take names away, but they never change the order of what is left.
    for (let start = 0; start < reading.segments.length; start++) {
      const found = this.perhapsAt(reading, start)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** As `perhapsUnder`, if the root were `start` names further down. */
  perhapsAt({ segments, hasDotSegments }: Reading, start: number): Value | undefined {
    const first = segments[start]
    if (first === undefined) return undefined
    const isShort = first.includes('~')
    const candidates = isShort ? this.#all : this.#byFirst.get(first)
    return candidates?.find(
      (entry) =>
        (!isShort || mayBeName(first, entry.first)) &&
        follow(entry.rest, segments, { from: start + 1, hasGaps: hasDotSegments }),
    )?.value
  }
}

/** True when the names come next in the segments; with gaps: when they come later, in this order. */
function follow(
  names: readonly string[],
  segments: readonly string[],
  { from, hasGaps }: { readonly from: number; readonly hasGaps: boolean },
): boolean {
  let at = from
  for (const name of names) {
    while (hasGaps && at < segments.length && !mayBeName(segments[at], name)) at++
    if (!mayBeName(segments[at], name)) return false
    at++
  }
  return true
}

/**
 * `OCSPOW~1` is the 8.3 name of OcsPowerShell; after four names alike NTFS makes `OC1A2B~1`: two letters and a hash.
 */
function mayBeName(written: string | undefined, name: string): boolean {
  if (written === undefined) return false
  if (written === name) return true
  const tilde = written.indexOf('~')
  if (tilde < 1 || tilde > 6 || name.length <= 8) return false
  if (!/[0-9]/.test(written.charAt(tilde + 1))) return false
  const short = written.slice(0, tilde)
  if (name.startsWith(short)) return true
  return short.length === 6 && name.startsWith(short.slice(0, 2)) && /^..[0-9a-f]{4}$/.test(short)
}
