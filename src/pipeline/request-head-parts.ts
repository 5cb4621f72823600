/** What is told to the server about a request, and by whom it was told. */
import { isBelieved } from './client-address.ts'
import type { Exchange } from './exchange.ts'
import type { Screened } from './screen-request.ts'

/** The head as the server gets it; the same for a tunnel but for the connection fields. */
export function requestHeadParts(exchange: Exchange, screened: Screened, upgrade: boolean) {
  const { req, facts, connection, snapshot } = exchange
  const { peerAddress, isTls } = connection.arrival
  const isTrusted = isBelieved(connection.arrival, snapshot.isTrustedProxy)
  const { requestIdHeader: field } = snapshot
  return {
    method: req.method ?? 'GET',
    target: screened.target,
    rawFields: req.rawHeaders,
    nominated: facts.nominated,
    framing: screened.framing,
    keepForwarded: isTrusted,
    dropExpect: req.httpVersionMinor === 0 || exchange.hasContinued,
    addHost: screened.addHost,
    requestId: field === undefined ? undefined : { field, id: exchange.id },
    forwarded: {
      for:
        isTrusted && facts.forwardedFor
          ? `${facts.forwardedFor.join(', ')}, ${peerAddress}`
          : peerAddress,
      proto: (isTrusted && facts.forwardedProto) || (isTls ? 'https' : 'http'),
      host: (isTrusted && facts.forwardedHost) || (screened.addHost ?? facts.host),
    },
    upgrade,
  }
}
