/** The first step: what came in becomes an exchange. */
import type { IncomingMessage } from 'node:http'
import { clientAddress } from './client-address.ts'
import type { ClientConnection } from './client-connection.ts'
import { type Exchange, emptyReport, monotonicNow, nextRequestId } from './exchange.ts'
import { readRequest } from './read-request.ts'
import type { Snapshot } from './snapshot.ts'

export function openExchange(
  req: IncomingMessage,
  connection: ClientConnection,
  snapshot: Snapshot,
): Exchange {
  const facts = readRequest(req)
  const { peerAddress } = connection.arrival
  return {
    id: nextRequestId(),
    req,
    connection,
    snapshot,
    facts,
    clientAddress: clientAddress(peerAddress, facts.forwardedFor, snapshot.isTrustedProxy),
    startedAtMs: monotonicNow(),
    report: emptyReport(),
    host: facts.host,
    target: req.url ?? '',
    route: undefined,
    strictWouldRefuse: undefined,
  }
}
