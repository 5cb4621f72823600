/** May this path be reached through this rule? The decision of `policy.paths`, with the reason behind it. */
import type { Product, PublishKind } from '../config/rules.ts'
import { canonicalPath, type Reading } from './canonical-path.ts'
import { catalogue, type DirectoryEntry, internalDirectories } from './catalogue.ts'

export type PolicyMode = 'guard' | 'strict' | 'observe'

export interface PathPolicySettings {
  readonly mode: PolicyMode
  readonly product: Product
  readonly kind: PublishKind
  /** Lower-case paths that the rule opens; the whole tree below each of them. */
  readonly allow: readonly string[]
  /** Lower-case paths that the rule closes; stronger than `allow`. */
  readonly deny: readonly string[]
}

export type PathDecision =
  | {
      readonly kind: 'serve'
      /** The catalogue's entry, when it has one. */
      readonly entry: DirectoryEntry | undefined
      readonly because: string
      /** In observe: why strict would refuse this. */
      readonly strictWouldRefuse: string | undefined
    }
  | {
      readonly kind: 'refuse'
      readonly entry: DirectoryEntry | undefined
      readonly because: string
    }
  | { readonly kind: 'undecidable'; readonly because: string }

/** Compiled once per rule; `decide` runs for every request. */
export class PathPolicy {
  readonly #settings: PathPolicySettings
  readonly #internal: readonly DirectoryEntry[]
  readonly #known: readonly DirectoryEntry[]

  constructor(settings: PathPolicySettings) {
    this.#settings = settings
    this.#internal = internalDirectories(settings.product)
    this.#known = knownDirectories(settings)
  }

  /** @param target origin-form, as received */
  decide(target: string): PathDecision {
    const path = canonicalPath(target)
    if (!path.ok) return { kind: 'undecidable', because: path.reason }
    const { allow, deny, mode } = this.#settings
    const closed = path.readings.find((reading) => deny.some((prefix) => mayBe(reading, prefix)))
    if (closed) return { kind: 'refuse', entry: undefined, because: 'the rule denies it' }
    const opened = path.readings.every((reading) =>
      allow.some((prefix) => isUnder(reading, prefix)),
    )
    if (opened) return serve(this.#entryOf(path.readings[0]), 'the rule allows it')
    const inside = this.#insideOf(path.readings)
    if (inside) return { kind: 'refuse', entry: inside, because: 'internal only' }
    const entry = this.#entryOf(path.readings[0])
    const objection = mode === 'guard' ? undefined : this.#strictObjection(path.readings, entry)
    if (objection && mode === 'strict') return { kind: 'refuse', entry, because: objection }
    return { ...serve(entry, entry ? 'catalogued' : 'not internal'), strictWouldRefuse: objection }
  }

  /** The internal directory that one of the readings leads to. */
  #insideOf(readings: readonly Reading[]): DirectoryEntry | undefined {
    for (const entry of this.#internal) {
      if (readings.some((reading) => this.#leadsInside(reading, entry))) return entry
    }
    return undefined
  }

  #leadsInside(reading: Reading, entry: DirectoryEntry): boolean {
    if (entry.path === '/admin') return this.#leadsToAdmin(reading)
    return mayBe(reading, entry.path)
  }

  /**
   * The Admin simple URL is `/Admin` or `/<sip domain>/Admin`. On a name for meetings, `/admin/7322994` is a meeting of
   * the user "admin".
   */
  #leadsToAdmin({ segments, hasDotSegments }: Reading): boolean {
    if (hasDotSegments) return segments.includes('admin')
    const at = segments[0]?.includes('.') ? 1 : 0
    if (segments[at] !== 'admin') return false
    return !(this.#settings.kind === 'meet' && segments.length === at + 2)
  }

  #entryOf(reading: Reading): DirectoryEntry | undefined {
    return this.#known.find((entry) => isUnder(reading, entry.path))
  }

  /** Why strict would refuse; undefined: it would not. */
  #strictObjection(
    readings: readonly Reading[],
    entry: DirectoryEntry | undefined,
  ): string | undefined {
    const { kind, product } = this.#settings
    if (kind === 'anything') return undefined
    if (readings.some(({ hasDotSegments }) => hasDotSegments)) return 'dot segments'
    if (readings.every((reading) => isSimpleUrl(reading, kind))) return undefined
    if (!entry) return `not in the catalogue of ${product}`
    if (!readings.every((reading) => isUnder(reading, entry.path)))
      return 'spelt so that it can be read in two ways'
    if (product !== 'other' && !entry.products.includes(product))
      return `${product} has no ${entry.title}`
    if (!entry.kinds.includes(kind)) return `${entry.title} is not published on ${kind} names`
    return entry.action === 'optional'
      ? `${entry.title} is optional: the rule must allow it`
      : undefined
  }
}

const serve = (entry: DirectoryEntry | undefined, because: string) => ({
  kind: 'serve' as const,
  entry,
  because,
  strictWouldRefuse: undefined,
})

/**
 * Entries of the product, those of the kind of name first (Lync and Exchange both have /Autodiscover), then longer
 * paths first, so that `/op/generate.aspx` comes before `/op`. Of a product that is not known, every entry may apply.
 */
function knownDirectories({ product, kind }: PathPolicySettings): readonly DirectoryEntry[] {
  const isOfKind = ({ kinds }: DirectoryEntry): number => (kinds.includes(kind) ? 1 : 0)
  return catalogue
    .filter(({ products }) => product === 'other' || products.includes(product))
    .sort((a, b) => isOfKind(b) - isOfKind(a) || b.path.length - a.path.length)
}

/** True when the reading lies at or below `prefix`, beyond doubt. */
export function isUnder(reading: Reading, prefix: string): boolean {
  if (reading.hasDotSegments) return false
  return pathSegments(prefix).every((segment, at) => reading.segments[at] === segment)
}

/** True when the reading may lie at or below `prefix`: short names and dot segments count. */
function mayBe(reading: Reading, prefix: string): boolean {
  const wanted = pathSegments(prefix)
  const { segments } = reading
  // Behind a dot segment nothing is sure but the names themselves.
  const starts = reading.hasDotSegments ? segments.keys() : [0].values()
  for (const start of starts) {
    if (wanted.every((segment, at) => mayBeSegment(segments[start + at], segment))) return true
  }
  return false
}

const pathSegments = (path: string): string[] => path.split('/').filter((segment) => segment !== '')

/**
 * `OCSPOW~1` is the 8.3 name of OcsPowerShell; after four names alike NTFS makes `OC1A2B~1`: two letters and a hash.
 */
function mayBeSegment(segment: string | undefined, name: string): boolean {
  if (segment === undefined) return false
  if (segment === name) return true
  const short = /^([^~]{1,6})~[0-9]/.exec(segment)?.[1]
  if (short === undefined || name.length <= 8) return false
  return (
    name.startsWith(short) ||
    (short.length === 6 && name.startsWith(short.slice(0, 2)) && /^..[0-9a-f]{4}$/.test(short))
  )
}

/** The paths that the name itself stands for, without a directory of IIS in them (Microsoft, simple URLs). */
function isSimpleUrl({ segments, hasDotSegments }: Reading, kind: PublishKind): boolean {
  if (hasDotSegments) return false
  const rest = segments[0]?.includes('.') ? segments.slice(1) : segments
  if (kind === 'autodiscover') return segments.length === 0
  if (kind === 'dialin') return segments.length === 0 || rest[0] === 'dialin'
  if (kind !== 'meet') return false
  return (
    segments.length === 0 || rest[0] === 'meet' || segments.length === 2 || segments.length === 3
  )
}
