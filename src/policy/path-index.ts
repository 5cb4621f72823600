/** Looks paths up by their first name, so that a request costs the same however many paths there are. */
import type { Reading } from './read-path.ts'

interface Entry<Value> {
  readonly names: readonly string[]
  readonly value: Value
}

export class PathIndex<Value> {
  readonly #byFirst = new Map<string, Entry<Value>[]>()
  readonly #all: readonly Entry<Value>[]

  /** @param entries lower-case paths with their values; of those that fit, the first one counts */
  constructor(entries: Iterable<readonly [path: string, value: Value]>) {
    this.#all = [...entries].map(([path, value]) => ({
      names: path.split('/').filter((name) => name !== ''),
      value,
    }))
    for (const entry of this.#all) {
      const [first = ''] = entry.names
      const others = this.#byFirst.get(first)
      if (others) others.push(entry)
      else this.#byFirst.set(first, [entry])
    }
  }

  /** What the reading lies at or below, beyond doubt. */
  under({ segments, hasDotSegments }: Reading): Value | undefined {
    const first = segments[0]
    if (hasDotSegments || first === undefined) return undefined
    const candidates = this.#byFirst.get(first)
    return candidates?.find(({ names }) => names.every((name, at) => segments[at] === name))?.value
  }

  /** What the reading may lie at or below: short names and dot segments count. */
  perhapsUnder(reading: Reading): Value | undefined {
    return reading.hasDotSegments
      ? this.#somewhereIn(reading.segments)
      : this.perhapsAt(reading.segments, 0)
  }

  /** What the names from `start` on may lie at or below, without a dot segment among them. */
  perhapsAt(segments: readonly string[], start: number): Value | undefined {
    const first = segments[start]
    if (first === undefined) return undefined
    const candidates = first.includes('~') ? this.#all : this.#byFirst.get(first)
    return candidates?.find(({ names }) =>
      names.every((name, at) => mayBeName(segments[start + at], name)),
    )?.value
  }

  /** Dot segments take names away, but they never change the order of what is left. */
  #somewhereIn(segments: readonly string[]): Value | undefined {
    const isShort = segments.some((name) => name.includes('~'))
    // Each path is looked for once, from the left: where one begins twice, the first place is as good as the second.
    const candidates = isShort
      ? this.#all
      : [...new Set(segments)].flatMap((name) => this.#byFirst.get(name) ?? [])
    return candidates.find(({ names }) => comeInOrder(names, segments))?.value
  }
}

/** True when the names are among the segments, in this order, whatever stands between them. */
function comeInOrder(names: readonly string[], segments: readonly string[]): boolean {
  let at = 0
  for (const segment of segments) {
    if (mayBeName(segment, names[at] ?? '')) at++
    if (at === names.length) return true
  }
  return false
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
