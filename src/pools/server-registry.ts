/** Keeps the live facts of servers over configuration changes. */
import type { SecureContext } from 'node:tls'
import { noEjection } from './ejection.ts'
import type { ServerFacts } from './server.ts'
import { type ServerHealth, unknownHealth } from './server-check.ts'

/** The servers of a configuration that is being built. Nothing is changed until `adopt`. */
export interface ServerDraft {
  /** The facts under a key: those that are known, or new ones. */
  factsOf(key: string): ServerFacts
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
  #facts: ReadonlyMap<string, ServerFacts> = new Map()
  #trust: ReadonlyMap<string, SecureContext> = new Map()

  draft(): ServerDraft {
    const facts = new Map<string, ServerFacts>()
    const trust = new Map<string, SecureContext>()
    return {
      factsOf: (key) => remember(facts, key, () => this.#facts.get(key) ?? newFacts()),
      trustOf: (key, make) => remember(trust, key, () => this.#trust.get(key) ?? make()),
      adopt: () => {
        for (const [key, each] of this.#facts) each.isRetired = !facts.has(key)
        this.#facts = facts
        this.#trust = trust
      },
    }
  }

  /** Health is keyed by address and check: a check that asks something else starts from nothing. */
  healthOf(key: string): ServerHealth {
    const known = this.#health.get(key)
    if (known) return known
    const health = unknownHealth()
    this.#health.set(key, health)
    return health
  }
}

const newFacts = (): ServerFacts => ({
  inFlight: 0,
  ejection: noEjection(),
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
