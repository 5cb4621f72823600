/** The frozen result of a configuration. An exchange holds the one it started with and never looks for a newer one. */
import type { Limits, Timeouts } from '../config/rules.ts'
import type { RoutingTable } from '../routing/routing-table.ts'
import type { Inspection } from './inspected-page.ts'
import type { Route } from './route.ts'

/** The part of the sign-in guard that is decided in each request; the counts are elsewhere. */
export interface GuardView extends Inspection {
  readonly isOn: boolean
  /** Any bodies are looked into. */
  readonly inspects: boolean
  /** Answers to failed sign-ins come no earlier than so long after the request; 0: when they come. */
  readonly blurMs: number
}

export interface Snapshot {
  /** Counts up with each configuration adopted; each access-log line carries it. */
  readonly revision: number
  /** One routing table per listener name. */
  readonly routes: ReadonlyMap<string, RoutingTable<Route>>
  readonly timeouts: Timeouts
  readonly limits: Limits
  /** The field in which servers are told the id of a request; undefined: none. */
  readonly requestIdHeader?: string | undefined
  /**
   * True for a host name that meetings or web services are published under, on any listener, with a port that the
   * Internet may know: none written, the usual ones, or that of a listener.
   */
  readonly isMeetingHost: (host: string, port: number | undefined) => boolean
  /** What is guarded of sign-ins. */
  readonly guard: GuardView
  /** True for an address whose PROXY header and X-Forwarded-* fields are believed. */
  readonly isTrustedProxy: (address: string) => boolean
}
