/** How much of a configuration is different from the one before, for the log. */
import type { Assembled } from './assemble.ts'

/** Entries that were added, removed or changed. A section that is the same is left out. */
export interface Changes {
  readonly listeners?: number
  readonly certificates?: number
  readonly pools?: number
  readonly rules?: number
  readonly streams?: number
  /** Top-level sections of the file without a list of their own: time-outs, limits, log … */
  readonly settings?: number
}

export function countChanges(before: Assembled, after: Assembled): Changes {
  const counts = {
    listeners: different(named(before.rules.listeners), named(after.rules.listeners)),
    certificates: different(certificatesOf(before), certificatesOf(after)),
    pools: different(poolsOf(before), poolsOf(after)),
    rules: different(named(before.rules.rules), named(after.rules.rules)),
    streams: different(named(before.rules.streams), named(after.rules.streams)),
    settings: different(settingsOf(before), settingsOf(after)),
  }
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
}

type Entries = ReadonlyMap<string, string>

const named = (entries: readonly { readonly name: string }[]): Entries =>
  new Map(entries.map((entry) => [entry.name, JSON.stringify(entry)]))

/** By place in the file: the first one has a meaning of its own. */
const certificatesOf = ({ certificates }: Assembled): Entries =>
  new Map(certificates.map(({ certPem, keyPem }, at) => [String(at), certPem + keyPem]))

/** A pool has changed also when only what is behind the same file names is different. */
const poolsOf = ({ rules, trusts }: Assembled): Entries =>
  new Map(rules.pools.map((pool) => [pool.name, JSON.stringify([pool, trusts.get(pool.name)])]))

function settingsOf({ rules }: Assembled): Entries {
  const { listeners: _l, certificates: _c, pools: _p, rules: _r, streams: _s, ...settings } = rules
  return new Map(Object.entries(settings).map(([key, value]) => [key, JSON.stringify(value) ?? '']))
}

function different(before: Entries, after: Entries): number {
  const keys = new Set([...before.keys(), ...after.keys()])
  return [...keys].filter((key) => before.get(key) !== after.get(key)).length
}
