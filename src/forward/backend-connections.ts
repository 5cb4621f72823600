/** The back-end connections of one client connection: at most one per server, opened lazily, closed together. */
import type { Server } from '../pools/server.ts'
import type { BackendConnection } from './backend-connection.ts'

/**
 * A client that walks over many names keeps no more than this many idle connections; beyond, the oldest one that
 * nobody is signed in on goes.
 */
const MAX_CONNECTIONS = 16

export class BackendConnections {
  readonly #open = new Map<Server, BackendConnection>()
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

  /** The connection on which this client has signed in to the pool, or may have. */
  pinOf(poolName: string): BackendConnection | undefined {
    return this.#pins.get(poolName)
  }

  /** An idle connection to a server. */
  find(server: Server): BackendConnection | undefined {
    const connection = this.#open.get(server)
    return connection?.isOpen && !connection.isBusy ? connection : undefined
  }

  add(connection: BackendConnection): void {
    this.#open.get(connection.server)?.destroy()
    this.#open.delete(connection.server)
    this.#open.set(connection.server, connection)
    if (this.#open.size > MAX_CONNECTIONS) this.#dropOldest(connection)
    connection.onIdleEnd = () => {
      this.remove(connection)
      if (connection.isPinned) this.#onPinLost()
    }
  }

  pin(poolName: string, connection: BackendConnection): void {
    connection.isPinned = true
    this.#pins.set(poolName, connection)
  }

  remove(connection: BackendConnection): void {
    if (this.#open.get(connection.server) === connection) this.#open.delete(connection.server)
  }

  closeAll(): void {
    for (const connection of this.#open.values()) connection.destroy()
    this.#open.clear()
  }

  #dropOldest(spared: BackendConnection): void {
    for (const connection of this.#open.values()) {
      if (connection === spared || connection.isPinned || connection.isBusy) continue
      connection.destroy()
      this.#open.delete(connection.server)
      return
    }
  }
}
