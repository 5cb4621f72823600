/** May this path be reached through this rule? The decision of `policy.paths`, with the reason behind it. */
import type { Product, PublishKind } from '../config/rules.ts'
import { type CanonicalPath, canonicalPath } from './canonical-path.ts'
import {
  catalogue,
  type DirectoryEntry,
  internalDirectories,
  isWordOfManyUses,
} from './catalogue.ts'
import { isMeetingId, isSimpleUrl } from './meeting-link.ts'
import { PathIndex } from './path-index.ts'
import type { Reading } from './read-path.ts'

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

/** Compiled once for all rules that want the same; `decide` runs for every request. */
export class PathPolicy {
  readonly #settings: PathPolicySettings
  readonly #internal: PathIndex<DirectoryEntry>
  readonly #known: PathIndex<DirectoryEntry>
  readonly #allow: PathIndex<string>
  readonly #deny: PathIndex<string>

  constructor(settings: PathPolicySettings) {
    this.#settings = settings
    this.#internal = new PathIndex(internalDirectories(settings.product).map(byPath))
    this.#known = new PathIndex(knownDirectories(settings).map(byPath))
    this.#allow = new PathIndex(settings.allow.map((path) => [path, path]))
    this.#deny = new PathIndex(settings.deny.map((path) => [path, path]))
  }

  get mode(): PolicyMode {
    return this.#settings.mode
  }

  /** @param target origin-form, as received */
  decide(target: string): PathDecision {
    return this.decideOn(canonicalPath(target))
  }

  /** As `decide`, for who has read the path already. */
  decideOn(path: CanonicalPath): PathDecision {
    if (!path.ok) return { kind: 'undecidable', because: path.reason }
    const { readings } = path
    const closed = firstOf(readings, (reading) => this.#deny.perhapsUnder(reading))
    if (closed !== undefined) {
      return { kind: 'refuse', entry: undefined, because: `the rule denies ${closed}` }
    }
    const opened = this.#allow.under(readings[0])
    if (opened !== undefined && readings.every((reading) => this.#isOpened(reading)))
      return serve(this.#known.under(readings[0]), `the rule allows ${opened}`)
    const inside = firstOf(readings, (reading) => this.#insideOf(reading))
    if (inside) return { kind: 'refuse', entry: inside, because: 'internal only' }
    const entry = this.#known.under(readings[0])
    const { mode } = this.#settings
    const objection = mode === 'guard' ? undefined : this.#strictObjection(readings, entry)
    if (objection && mode === 'strict') return { kind: 'refuse', entry, because: objection }
    return { ...this.#served(readings[0], entry), strictWouldRefuse: objection }
  }

  #served(reading: Reading, entry: DirectoryEntry | undefined) {
    // That a meeting's user is called like an internal directory says nothing about the meeting.
    if (entry && entry.action !== 'deny') return serve(entry, 'catalogued')
    const isSimple = isSimpleUrl(reading, this.#settings.kind)
    return serve(undefined, isSimple ? 'what the name itself stands for' : 'not internal')
  }

  /** Look-alikes of an allowed name are not that name; they only must not lead inside. */
  #isOpened(reading: Reading): boolean {
    if (this.#allow.under(reading) !== undefined) return true
    return reading.isFolded && this.#insideOf(reading) === undefined
  }

  /** The internal directory that the reading may lead to. */
  #insideOf(reading: Reading): DirectoryEntry | undefined {
    const { segments, hasDotSegments } = reading
    const found = this.#internal.perhapsUnder(reading)
    if (found) return this.#isMeetingOf(found, reading) ? undefined : found
    // The Admin simple URL is `/Admin` or `/<sip domain>/Admin`.
    if (hasDotSegments || !segments[0]?.includes('.')) return undefined
    const second = this.#internal.perhapsAt(segments, 1)
    return second?.path === '/admin' ? second : undefined
  }

  /** On a name for meetings, `/conf/7BCD22KQ` is a meeting of the user "conf". */
  #isMeetingOf(entry: DirectoryEntry, { segments, hasDotSegments }: Reading): boolean {
    if (this.#settings.kind !== 'meet' || hasDotSegments || segments.length !== 2) return false
    return isWordOfManyUses(entry) && isMeetingId(segments[1])
  }

  /** Why strict would refuse; undefined: it would not. */
  #strictObjection(
    readings: readonly Reading[],
    entry: DirectoryEntry | undefined,
  ): string | undefined {
    const { kind, product } = this.#settings
    if (kind === 'anything') return undefined
    if (readings.some(({ hasDotSegments }) => hasDotSegments)) return 'dot segments'
    if (entry && readings.every((reading) => this.#known.under(reading) === entry)) {
      const refusal = refusalOf(entry, kind)
      // A user may be called like a directory that is published elsewhere.
      if (refusal === undefined || kind !== 'meet') return refusal
    }
    if (readings.every((reading) => isSimpleUrl(reading, kind))) return undefined
    const elsewhere = firstOf(readings, (reading) => everything.under(reading))
    if (!entry && elsewhere) return `${product} has no ${elsewhere.title}`
    if (!entry) return `not in the catalogue of ${product}`
    return refusalOf(entry, kind) ?? 'spelt so that it can be read in two ways'
  }
}

function refusalOf({ title, kinds, action }: DirectoryEntry, kind: PublishKind) {
  if (!kinds.includes(kind)) return `${title} is not published on ${kind} names`
  return action === 'optional' ? `${title} is optional: the rule must allow it` : undefined
}

/** To say that a directory is known, but of another product. */
const everything = new PathIndex(catalogue.map((entry) => [entry.path, entry] as const))

const byPath = (entry: DirectoryEntry) => [entry.path, entry] as const

function firstOf<Value>(
  readings: readonly Reading[],
  find: (reading: Reading) => Value | undefined,
): Value | undefined {
  for (const reading of readings) {
    const found = find(reading)
    if (found !== undefined) return found
  }
  return undefined
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
