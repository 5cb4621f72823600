/** What real traffic tells of a server: counted in `pools/ejection.ts`, told to whoever keeps the log. */
import {
  beginTrial,
  recordAnswer,
  recordConnected,
  recordFailure,
  type TrafficFailure,
} from '../pools/ejection.ts'
import { isLastUsable } from '../pools/fitness.ts'
import type { Pool } from '../pools/pool.ts'
import type { Server } from '../pools/server.ts'

/** A server was ejected, or has answered for the first time after an ejection. */
export type EjectionEvent =
  | {
      readonly kind: 'ejected'
      readonly pool: string
      readonly server: Server
      readonly reason: string
      readonly cause: TrafficFailure['kind']
      readonly forMs: number
    }
  | { readonly kind: 'returned'; readonly pool: string; readonly server: Server }

export interface PassiveCheck {
  readonly pool: Pool
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onEjection: (event: EjectionEvent) => void
}

/** A connection to the server is about to be opened. */
export const noteConnecting = (server: Server, nowMs: number, connectMs: number): void =>
  beginTrial(server.facts.ejection, nowMs, connectMs)

export function noteConnected(check: PassiveCheck, server: Server): void {
  server.facts.counts.connects++
  recordConnected(server.facts.ejection, check.now())
}

/** The head of an answer has come, whatever it says: a 500 is between the client and the application. */
export function noteAnswer({ pool, now, onEjection }: PassiveCheck, server: Server): void {
  if (recordAnswer(server.facts.ejection, now()))
    onEjection({ kind: 'returned', pool: pool.name, server })
}

/** What this machine lacks: the server was not even asked. */
const OWN_SHORTAGE = /^(?:EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL)$/

/** A connect failed, or a request got no answer. */
export function noteFailure(
  { pool, now, onEjection }: PassiveCheck,
  server: Server,
  failure: Omit<TrafficFailure, 'nowMs'> & { readonly reason: string },
): void {
  const { reason, ...rest } = failure
  if (failure.kind === 'connect') server.facts.counts.connectFailures++
  if (OWN_SHORTAGE.test(reason)) return
  const nowMs = now()
  const isSpared = (): boolean => isLastUsable(pool, server, nowMs)
  const forMs = recordFailure(server.facts.ejection, { ...rest, nowMs }, isSpared)
  if (forMs === undefined) return
  server.facts.counts.ejections++
  onEjection({ kind: 'ejected', pool: pool.name, server, reason, cause: failure.kind, forMs })
}
