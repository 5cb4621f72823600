/** Keeps the live facts of servers over configuration changes. */
import { noEjection } from './ejection.ts'
import type { ServerFacts } from './server.ts'
import { type ServerHealth, unknownHealth } from './server-check.ts'

/**
 * Facts are keyed by what they measure: address, ports and TLS identity. A server that changes its trust settings is
 * a new server, so that a TLS session verified under the old settings is never resumed under the new ones.
 */
export class ServerRegistry {
  readonly #facts = new Map<string, ServerFacts>()
  readonly #health = new Map<string, ServerHealth>()

  factsOf(key: string): ServerFacts {
    const known = this.#facts.get(key)
    if (known) return known
    const facts: ServerFacts = { inFlight: 0, ejection: noEjection(), tlsSessions: new Map() }
    this.#facts.set(key, facts)
    return facts
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
