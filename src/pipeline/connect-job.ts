/** Step 3, the same for a request and for an upgrade: what is needed to reach a server of the route's pool. */
import type { ConnectJob } from '../forward/obtain-connection.ts'
import { type Exchange, monotonicNow } from './exchange.ts'
import type { RequestScope } from './handle-request.ts'
import type { Route } from './route.ts'

export function connectJobOf(exchange: Exchange, { pool }: Route, { onEjection }: RequestScope) {
  const { connection, facts, snapshot, report } = exchange
  return {
    pool,
    hints: {
      affinityKey: facts.affinityKey,
      clientAddress: exchange.clientAddress,
      nowMs: exchange.startedAtMs,
    },
    isTls: connection.arrival.isTls,
    connections: connection.backends,
    report,
    settings: snapshot,
    now: monotonicNow,
    onEjection,
  } satisfies Omit<ConnectJob, 'onFault'>
}
