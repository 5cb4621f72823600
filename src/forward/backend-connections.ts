/** The back-end connections of one client connection: at most one per server, opened lazily, closed together. */
import type { Server, ServerFacts } from '../pools/server.ts'
import type { BackendConnection } from './backend-connection.ts'

/**
 * A client that walks over many names keeps no more than this many idle connections; beyond, the oldest one that
 * nobody is signed in on goes.
 */
const MAX_CONNECTIONS = 16

export class BackendConnections {
  /** By facts, because those stay the same over configurations while the server does. */
  readonly #open = new Map<ServerFacts, BackendConnection>()
  /** By pool name. A pin outlives everything but its two connections. */
  readonly #pins = new Map<string, BackendConnection>()
  readonly #onPinLost: () => void

  /** @param onPinLost called when a pinned connection ends between two exchanges: the client connection must go too */
  constructor(onPinLost: () => void) {
    this.#onPinLost = onPinLost
  }

  get isPinned(): boolean {
    return this.#pins.size > 0
  }

  /** The pools that the client is signed in to, or may be. */
  get pinnedPools(): Iterable<string> {
    return this.#pins.keys()
  }

  /** True when somebody is signed in, or may be, to a server that is no longer in its pool. */
  get hasRetiredPin(): boolean {
    if (this.#pins.size === 0) return false
    for (const { server } of this.#pins.values()) if (server.facts.isRetired) return true
    return false
  }

  /** The connection on which this client has signed in to the pool, or may have. */
  pinOf(poolName: string): BackendConnection | undefined {
    return this.#pins.get(poolName)
  }

  /** An idle connection to a server. */
  find(server: Server): BackendConnection | undefined {
    const connection = this.#open.get(server.facts)
    return connection?.isOpen && !connection.isBusy ? connection : undefined
  }

  add(connection: BackendConnection): void {
    this.#open.get(connection.server.facts)?.destroy()
    this.#open.delete(connection.server.facts)
    this.#open.set(connection.server.facts, connection)
    if (this.#open.size > MAX_CONNECTIONS) this.#dropOldest(connection)
    connection.onIdleEnd = () => {
      this.remove(connection)
      if (connection.isPinned) this.#onPinLost()
    }
  }

  pin(poolName: string, connection: BackendConnection): void {
    connection.pin()
    this.#pins.set(poolName, connection)
  }

  remove(connection: BackendConnection): void {
    if (this.#open.get(connection.server.facts) === connection)
      this.#open.delete(connection.server.facts)
  }

  /** The connection has done its exchange; it is kept for the next one, unless there will be none. */
  keep(connection: BackendConnection): void {
    if (connection.server.facts.isRetired && !connection.isPinned) connection.destroy()
    if (!connection.isOpen) this.remove(connection)
  }

  /** A configuration was adopted: idle connections to servers that are no longer there end. */
  leaveRetired(): void {
    for (const connection of [...this.#open.values()]) {
      const { isPinned, isBusy, server } = connection
      if (!server.facts.isRetired || isPinned || isBusy) continue
      connection.destroy()
      this.remove(connection)
    }
    // A sign-in cannot move to another server: the client has to begin anew.
    if (this.hasRetiredPin) this.#onPinLost()
  }

  closeAll(): void {
    for (const connection of this.#open.values()) connection.destroy()
    this.#open.clear()
  }

  #dropOldest(spared: BackendConnection): void {
    for (const connection of this.#open.values()) {
      if (connection === spared || connection.isPinned || connection.isBusy) continue
      connection.destroy()
      this.remove(connection)
      return
    }
  }
}
