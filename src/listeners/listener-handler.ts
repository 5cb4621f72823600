/** What a listener tells of, and asks. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TlsProfile } from '../config/rules.ts'
import type { ClientAnswer, ClientRequest } from '../forward/client-message.ts'
import type { Peer } from './peer.ts'

/** Where an HTTP connection comes from. */
export interface Origin {
  readonly peer: Peer
  /** The socket itself, or the one below TLS. */
  readonly tcpSocket: Socket
  /** What the handshake was held under; undefined: plain HTTP. */
  readonly tlsProfile: TlsProfile | undefined
}

/** What a listener hands on. All methods are called synchronously with the event they stand for. */
export interface ListenerHandler {
  /** May this balancer connect and name its client? A `true` is answered by one `onNamed`. */
  onBalancer(socket: Socket): boolean
  /** @param trouble why there is no name; undefined: there is one, or the balancer went without a byte */
  onNamed(socket: Socket, trouble: string | undefined): void
  /** May this peer connect? False: the connection is closed at once. A `true` is answered by one `onDisconnect`. */
  onConnect(tcpSocket: Socket, peerAddress: string): boolean
  onDisconnect(tcpSocket: Socket): void
  /** An HTTP connection is ready, after the handshake where there is one. */
  onConnection(socket: Socket, origin: Origin): void
  onRequest(req: ClientRequest, res: ClientAnswer): void
  /** Asks whether a request that wants an upgrade is a well-formed one of the kind that is tunnelled. */
  mayUpgrade(req: IncomingMessage): boolean
  onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Node's parser gave up: malformed bytes, a head too large or too slow, or a broken connection. */
  onParseError(error: NodeJS.ErrnoException, socket: Socket): void
  /** The handshake ended with `unrecognized_name`: no certificate, or the rule refuses HTTPS. */
  onNameRefused(serverName: string, peerAddress: string): void
  /** A handshake failed for another reason. */
  onHandshakeError(error: NodeJS.ErrnoException, peerAddress: string): void
  /** A handshake was not begun: too many others wait for their turn. */
  onHandshakeShed(): void
}
