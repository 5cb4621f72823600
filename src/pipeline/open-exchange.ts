/** The first step: what came in becomes an exchange. */
import type { ClientRequest } from '../forward/client-message.ts'
import { clientAddress, isBelieved } from './client-address.ts'
import type { ClientConnection } from './client-connection.ts'
import { type Exchange, emptyReport, monotonicNow, nextRequestId } from './exchange.ts'
import { readRequest } from './read-request.ts'
import type { Snapshot } from './snapshot.ts'

export function openExchange(
  req: ClientRequest,
  connection: ClientConnection,
  snapshot: Snapshot,
): Exchange {
  const facts = readRequest(req)
  const { arrival } = connection
  const { isTrustedProxy } = snapshot
  const believed = isBelieved(arrival, isTrustedProxy) ? facts.forwardedFor : undefined
  return {
    id: nextRequestId(),
    req,
    connection,
    snapshot,
    facts,
    clientAddress: clientAddress(arrival.peerAddress, believed, isTrustedProxy),
    startedAtMs: monotonicNow(),
    report: emptyReport(),
    host: facts.host,
    target: req.url ?? '',
    route: undefined,
    hasContinued: false,
    strictWouldRefuse: undefined,
    trace: undefined,
  }
}
