/** Keeps the live facts of servers over configuration changes. */
import type { ServerFacts } from './server.ts'

/**
 * Facts are keyed by what they measure: address, ports and TLS identity. A server that changes its trust settings is
 * a new server, so that a TLS session verified under the old settings is never resumed under the new ones.
 */
export class ServerRegistry {
  readonly #facts = new Map<string, ServerFacts>()

  factsOf(key: string): ServerFacts {
    const known = this.#facts.get(key)
    if (known) return known
    const facts: ServerFacts = { inFlight: 0, avoidUntilMs: 0, tlsSessions: new Map() }
    this.#facts.set(key, facts)
    return facts
  }
}
