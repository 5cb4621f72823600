/** Sees when a server that drains has nobody left, and says so once. Looks only while there is one to look at. */
import type { Logger } from '../observe/logger.ts'
import type { Pool } from '../pools/pool.ts'
import { isDraining, type Server, serverName } from '../pools/server.ts'

export interface DrainWatchScope {
  readonly logger: Logger
  /** Of the configuration in force. */
  readonly pools: () => Iterable<Pool>
  /** Nobody is served at the place or signed in there. */
  readonly isVacant: (place: string) => boolean
  /** Runs `act` once after a while; returns how to call that off. */
  readonly after: (ms: number, act: () => void) => () => void
}

const LOOK_MS = 1_000

/**
 * At the second look at least one interval has passed since the drain began. Workers tell several times in that what
 * they have to do; what the first look sees may be older than the drain.
 */
const LOOKS_UNTIL_SURE = 2

export class DrainWatch {
  readonly #scope: DrainWatchScope
  /** Looks so far, by place that drains. */
  readonly #looks = new Map<string, number>()
  /** Places that have been called empty in this drain. */
  readonly #told = new Set<string>()
  #callOff: (() => void) | undefined

  constructor(scope: DrainWatchScope) {
    this.#scope = scope
  }

  /** It drains, and nobody is served by it or signed in there; sure a moment after the drain has begun. */
  isEmpty(server: Server): boolean {
    const looks = this.#looks.get(server.facts.place) ?? 0
    return (
      isDraining(server) && looks >= LOOKS_UNTIL_SURE && this.#scope.isVacant(server.facts.place)
    )
  }

  /** What drains may be something else now. */
  look(): void {
    const places = new Set(this.#draining().map(({ server }) => server.facts.place))
    for (const place of this.#looks.keys()) {
      if (places.has(place)) continue
      this.#looks.delete(place)
      this.#told.delete(place)
    }
    for (const place of places) if (!this.#looks.has(place)) this.#looks.set(place, 0)
    if (places.size === this.#told.size) this.stop()
    else this.#callOff ??= this.#scope.after(LOOK_MS, () => this.#tell())
  }

  stop(): void {
    this.#callOff?.()
    this.#callOff = undefined
  }

  #tell(): void {
    this.#callOff = undefined
    for (const [place, looks] of this.#looks) this.#looks.set(place, looks + 1)
    for (const { pool, server } of this.#draining()) {
      if (this.#told.has(server.facts.place) || !this.isEmpty(server)) continue
      this.#told.add(server.facts.place)
      this.#scope.logger.info({ pool: pool.name, server: serverName(server) }, 'server is drained')
    }
    this.look()
  }

  #draining(): readonly { readonly pool: Pool; readonly server: Server }[] {
    return [...this.#scope.pools()].flatMap((pool) =>
      pool.servers.filter(isDraining).map((server) => ({ pool, server })),
    )
  }
}
