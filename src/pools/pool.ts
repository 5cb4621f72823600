/** A pool as compiled from the file: servers that can answer the same request. */
import type { Server } from './server.ts'

export interface Pool {
  readonly name: string
  readonly servers: readonly Server[]
  readonly affinity: 'cookie' | 'source' | 'none'
  readonly rewriteLocation: boolean
  /** Unhealthy servers are tried when there are no others. */
  readonly lastResort: boolean
  /** Server by the value of its affinity cookie. */
  readonly byAffinityKey: ReadonlyMap<string, Server>
}
