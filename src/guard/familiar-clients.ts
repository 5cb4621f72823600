/**
 * From where each user has signed in lately. Only who knows a password can add to it, so nobody can flood it with
 * made-up names; it is bounded all the same.
 */

/** As long as somebody on holiday is away. */
const MEMORY_MS = 30 * 24 * 3_600_000
const MOST_USERS = 50_000
/** Home, office, a telephone's network, a hotel. The one that was used least lately goes. */
const MOST_CLIENTS = 8

export class FamiliarClients {
  /** By user: the client keys with the monotonic milliseconds of the last sign-in, oldest first. */
  readonly #users = new Map<string, Map<string, number>>()

  has(user: string, client: string, nowMs: number): boolean {
    const seenAtMs = this.#users.get(user)?.get(client)
    return seenAtMs !== undefined && nowMs - seenAtMs < MEMORY_MS
  }

  add(user: string, client: string, nowMs: number): void {
    const clients = this.#users.get(user) ?? new Map<string, number>()
    this.#users.delete(user)
    this.#users.set(user, clients)
    clients.delete(client)
    clients.set(client, nowMs)
    if (clients.size > MOST_CLIENTS) dropOldest(clients)
    if (this.#users.size > MOST_USERS) dropOldest(this.#users)
  }

  delete(user: string): void {
    this.#users.delete(user)
  }
}

function dropOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key)
    return
  }
}
