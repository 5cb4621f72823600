/** Keeps the live facts of servers over configuration changes. */
import type { SecureContext } from 'node:tls'
import { noEjection } from './ejection.ts'
import type { ServerCounts, ServerFacts } from './server.ts'
import { type ServerHealth, unknownHealth } from './server-check.ts'

/** The servers of a configuration that is being built. Nothing is changed until `adopt`. */
export interface ServerDraft {
  /** The facts of a server: those that are known, or new ones. `key` has all that makes it the same server. */
  factsOf(key: string, place: string): ServerFacts
  /** The trust towards servers under a key: making one costs more than a handshake. */
  trustOf(key: string, make: () => SecureContext): SecureContext
  /** The configuration is in force: servers that it does not have are retired and forgotten. */
  adopt(): void
}

/**
 * Facts are keyed by what they measure: pool, address, ports and TLS identity. A server that changes its trust settings
 * is a new server, so that a TLS session verified under the old settings is never resumed under the new ones.
 */
export class ServerRegistry {
  readonly #health = new Map<string, ServerHealth>()
  /** Places that a command drains: a new trust does not end that. */
  readonly #drained = new Set<string>()
  #facts: ReadonlyMap<string, ServerFacts> = new Map()
  /** Of servers that no configuration has any more, or has with another trust, and that still serve somebody. */
  #retired: readonly ServerFacts[] = []
  /** By place. */
  #counts: ReadonlyMap<string, ServerCounts> = new Map()
  #trust: ReadonlyMap<string, SecureContext> = new Map()

  draft(): ServerDraft {
    const facts = new Map<string, ServerFacts>()
    const counts = new Map<string, ServerCounts>()
    const trust = new Map<string, SecureContext>()
    return {
      factsOf: (key, place) => {
        const own = remember(counts, place, () => this.#counts.get(place) ?? newCounts())
        return remember(facts, key, () => this.#facts.get(key) ?? newFacts(key, place, own))
      },
      trustOf: (key, make) => remember(trust, key, () => this.#trust.get(key) ?? make()),
      adopt: () => {
        for (const [key, each] of this.#facts) each.isRetired = !facts.has(key)
        const retired = [...this.#facts.values()].filter(({ isRetired }) => isRetired)
        this.#retired = [...this.#retired, ...retired].filter(isBusy)
        this.#facts = facts
        this.#counts = counts
        this.#trust = trust
        const places = new Set([...facts.values()].map(({ place }) => place))
        for (const place of this.#drained) if (!places.has(place)) this.#drained.delete(place)
        this.#applyDrains()
      },
    }
  }

  /** Facts of a server of the configuration in force. */
  find(key: string): ServerFacts | undefined {
    return this.#facts.get(key)
  }

  /** Facts of every server of the configuration in force, and of those that still serve somebody from before. */
  all(): readonly ServerFacts[] {
    return [...this.#facts.values(), ...this.#retired]
  }

  /** Nobody is served at this place or signed in there at this moment, under whatever configuration that began. */
  isVacant(place: string): boolean {
    return !this.all().some((facts) => facts.place === place && isBusy(facts))
  }

  /** Places that are drained by command. */
  get drained(): readonly string[] {
    return [...this.#drained]
  }

  /** A command drains a server, or takes that back. Holds until it is taken back, or no configuration has the server. */
  drain(place: string, isDrained: boolean): void {
    if (isDrained) this.#drained.add(place)
    else this.#drained.delete(place)
    this.#applyDrains()
  }

  /** Health is keyed by address and check: a check that asks something else starts from nothing. */
  healthOf(key: string): ServerHealth {
    const known = this.#health.get(key)
    if (known) return known
    const health = unknownHealth()
    this.#health.set(key, health)
    return health
  }

  #applyDrains(): void {
    for (const each of this.#facts.values()) each.isDrainedByCommand = this.#drained.has(each.place)
  }
}

const newCounts = (): ServerCounts => ({ connects: 0, connectFailures: 0, ejections: 0 })

const isBusy = ({ inFlight, pinned }: ServerFacts): boolean => inFlight > 0 || pinned > 0

const newFacts = (key: string, place: string, counts: ServerCounts): ServerFacts => ({
  key,
  place,
  inFlight: 0,
  pinned: 0,
  isDrainedByCommand: false,
  ejection: noEjection(),
  counts,
  isRetired: false,
  tlsSessions: new Map(),
})

function remember<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
