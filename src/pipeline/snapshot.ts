/** The frozen result of a configuration. An exchange holds the one it started with and never looks for a newer one. */
import type { Limits, Timeouts } from '../config/rules.ts'
import type { RoutingTable } from '../routing/routing-table.ts'

export interface Snapshot {
  /** Counts up with each configuration adopted; each access-log line carries it. */
  readonly revision: number
  /** One routing table per listener name. */
  readonly routes: ReadonlyMap<string, RoutingTable>
  readonly timeouts: Timeouts
  readonly limits: Limits
  /** True for an address whose X-Forwarded-* fields are believed. */
  readonly isTrustedProxy: (address: string) => boolean
}
