/** Stands between a listener and the two ways (request and upgrade): which connection an event belongs to. */

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { unmapped } from '../base/unmapped.ts'
import type { ClientAnswer, ClientRequest } from '../forward/client-message.ts'
import type { ListenerShare } from '../guard/connection-limits.ts'
import type { Crowd, Idleness } from '../guard/crowd.ts'
import { handshakeFailureOf } from '../observe/metrics/handshake-metrics.ts'
import { createSeldom } from '../observe/seldom.ts'
import type { Arrival, ConnectionOrigin } from './arrival.ts'
import { ClientConnection } from './client-connection.ts'
import { monotonicNow, nextRequestId } from './exchange.ts'
import { handleRequest, type RequestScope } from './handle-request.ts'
import { handleUpgrade } from './handle-upgrade.ts'
import { parseFailure } from './parse-failure.ts'
import { readRequest } from './read-request.ts'
import { reportUnreadable } from './report-unreadable.ts'
import { failureAnswer, ownAnswerText } from './respond.ts'
import { isWebSocketUpgrade } from './screen-request.ts'
import { Visitor } from './visitor.ts'

export interface ListenerHandlerSettings {
  readonly listener: string
  readonly port: number
  readonly isTls: boolean
  readonly httpsPort: number | undefined
  /** Everybody who is connected to this process. */
  readonly crowd: Crowd
  /** What all ports of the listener have open. */
  readonly share: ListenerShare
  /** The scope current at this moment; asked once per request. */
  readonly scope: () => RequestScope
}

/** Handshake, request and answer of those have to be over in this time. */
const MOST_TELLING_MS = 5_000

/** The events of one listener. `connections` are those that stand at the moment. */
export class ListenerHandler {
  readonly connections = new Set<ClientConnection>()
  /** Its port is closed: a handshake that ends only now is good for one request. */
  #isLeaving = false
  readonly #settings: ListenerHandlerSettings
  /** By TCP socket. */
  readonly #visitors = new WeakMap<Socket, Visitor>()
  /** Those that are here to be told that there is no room. */
  readonly #told = new Set<Visitor>()
  readonly #bySocket = new WeakMap<Duplex, ClientConnection>()
  /** Sockets whose bytes are no longer understood. What still comes on them is read and thrown away. */
  readonly #givenUp = new WeakSet<Socket>()
  /** Balancers that have not named their client yet. */
  readonly #unnamed = new Set<Socket>()
  readonly #sayStranger = createSeldom(monotonicNow)
  readonly #sayNameless = createSeldom(monotonicNow)
  readonly #sayRefused = createSeldom(monotonicNow)
  readonly #sayShed = createSeldom(monotonicNow)
  readonly #sayStuck = createSeldom(monotonicNow)

  constructor(settings: ListenerHandlerSettings) {
    this.#settings = settings
  }

  onConnect(tcpSocket: Socket, peerAddress: string): boolean {
    const address = unmapped(peerAddress)
    const { crowd, share, scope, listener } = this.#settings
    const lack = crowd.limits.tryToAdmit(address, share)
    if (lack) {
      scope().metrics.recordRefusedConnection()
      this.#sayRefused((unsaid) =>
        scope().logger.warn(
          { listener, client: address, unsaid },
          'connection refused: limit reached',
        ),
      )
      if (!crowd.mayTell()) return false
    }
    const visitor = new Visitor(
      tcpSocket,
      address,
      { lack, nowMs: monotonicNow() },
      { crowd, share, onShed: this.#onShed },
    )
    this.#visitors.set(tcpSocket, visitor)
    if (lack) this.#told.add(visitor)
    return true
  }

  onDisconnect(tcpSocket: Socket): void {
    const visitor = this.#visitors.get(tcpSocket)
    visitor?.leave()
    if (visitor?.refusal) this.#told.delete(visitor)
  }

  readonly #onShed = (idleness: Idleness): void => {
    const { scope, listener } = this.#settings
    scope().metrics.recordShed(idleness)
    this.#sayShed((unsaid) =>
      scope().logger.warn({ listener, unsaid }, 'idle connections are closed to make room'),
    )
  }

  /** To be called about once in a second: ends what is too slow. */
  look(nowMs: number): void {
    const { scope, listener } = this.#settings
    const { snapshot, metrics, logger } = scope()
    const { timeouts, limits } = snapshot
    const bytesPerSecond = limits.minRate
    const paces = {
      sending: { windowMs: timeouts.requestBodyMs, bytesPerSecond },
      reading: { windowMs: timeouts.clientReadMs, bytesPerSecond },
      idleMs: timeouts.keepAliveMs,
    }
    for (const connection of this.connections) {
      if (connection.checkPace(nowMs, paces)) continue
      metrics.recordShed('stuck')
      const { peerAddress: client } = connection.arrival
      this.#sayStuck((unsaid) =>
        logger.info({ listener, client, unsaid }, 'connection cut: its client takes no answer'),
      )
    }
    for (const visitor of this.#told)
      if (nowMs - visitor.enteredAtMs > MOST_TELLING_MS) visitor.end()
  }

  onBalancer(socket: Socket): boolean {
    // Checks of balancers connect and reset at once: then the system no longer knows who it was.
    if (socket.remoteAddress === undefined) return false
    const { crowd, share, listener, scope } = this.#settings
    const { snapshot, logger } = scope()
    const peer = unmapped(socket.remoteAddress)
    if (!snapshot.isTrustedProxy(peer)) {
      this.#sayStranger((unsaid) =>
        logger.warn({ listener, peer, unsaid }, 'connection refused: not a trusted proxy'),
      )
      return false
    }
    if (!crowd.limits.admitUnnamed(share)) {
      this.#sayRefused((unsaid) =>
        logger.warn({ listener, peer, unsaid }, 'connection refused: limit reached'),
      )
      return false
    }
    this.#unnamed.add(socket)
    return true
  }

  onNamed(socket: Socket, trouble: string | undefined): void {
    const { crowd, share, listener, scope } = this.#settings
    crowd.limits.releaseUnnamed(share)
    this.#unnamed.delete(socket)
    if (trouble === undefined) return
    const peer = unmapped(socket.remoteAddress ?? '')
    this.#sayNameless((unsaid) =>
      scope().logger.warn(
        { listener, peer, reason: trouble, unsaid },
        'connection refused: no valid PROXY header',
      ),
    )
  }

  onConnection(socket: Socket, { peer, tcpSocket, tlsProfile }: ConnectionOrigin): void {
    const { listener, port, isTls, httpsPort, scope } = this.#settings
    if (socket instanceof TLSSocket)
      scope().metrics.handshakes.recordDone(socket.getProtocol() ?? '', socket.isSessionReused())
    const visitor = this.#visitors.get(tcpSocket)
    const arrival: Arrival = {
      listener,
      port,
      isTls,
      tlsProfile,
      httpsPort,
      peerAddress: unmapped(peer.address),
      isPeerClient: peer.isClient,
      refusal: visitor?.refusal,
    }
    const connection = new ClientConnection(socket, arrival, (incoming, own) =>
      handleRequest(incoming, own, this.#settings.scope()),
    )
    // An unheard 'error' would end the process; what it means is said by 'close'.
    socket.on('error', () => {})
    connection.onTooManyAhead = () => {
      const { logger } = scope()
      const client = arrival.peerAddress
      logger.info({ listener, client }, 'connection cut: too many requests ahead')
    }
    if (visitor) visitor.connection = connection
    this.#bySocket.set(socket, connection)
    this.connections.add(connection)
    socket.once('close', () => this.connections.delete(connection))
    if (this.#isLeaving) connection.leave()
  }

  /** The port is closed for good: what runs is finished, and its connections end. */
  leave(): void {
    this.#isLeaving = true
    for (const connection of [...this.connections]) connection.leave()
    // Nobody has been promised anything on these.
    for (const socket of this.#unnamed) socket.destroy()
  }

  onRequest(req: ClientRequest, res: ClientAnswer): void {
    try {
      this.#connectionOf(req.socket).accept({ req, res })
    } catch (error) {
      this.#onFault(error, req.socket)
    }
  }

  mayUpgrade(req: IncomingMessage): boolean {
    return isWebSocketUpgrade(req, readRequest(req))
  }

  onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      const connection = this.#connectionOf(req.socket)
      // Node wraps the socket when a body was announced; that is never a tunnel of ours.
      if (socket !== connection.socket) return void connection.socket.destroy()
      handleUpgrade({ req, socket: connection.socket, head }, connection, this.#settings.scope())
    } catch (error) {
      this.#onFault(error, req.socket)
    }
  }

  onParseError(error: NodeJS.ErrnoException, socket: Socket): void {
    try {
      this.#refuse(error, socket)
    } catch (fault) {
      this.#onFault(fault, socket)
    }
  }

  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#bySocket.get(socket)
    const code = parseFailure(error)
    // Node reports each read that follows: one answer and one log line are enough, and closing now would reset the
    // connection before the client has read that answer (RFC 9112 9.6).
    if (connection && this.#givenUp.has(socket) && code !== undefined) return void socket.resume()
    if (!connection || code === undefined || !socket.writable) return void socket.destroy()
    this.#givenUp.add(socket)
    // Bytes behind the last request are not looked at (RFC 9112 9.6); its answer is still to come.
    if (error.code === 'HPE_CLOSED_CONNECTION') {
      socket.resume()
      return connection.onParseError(code, '')
    }
    const id = nextRequestId()
    // A connection that never sent a byte (a port scan, a preconnect) gets no answer, only its end.
    const isSilent = code === 'client-head-timeout' && connection.isSilent
    if (!isSilent) reportUnreadable(this.#settings.scope(), connection.arrival, { id, code, error })
    const answer = isSilent ? '' : ownAnswerText(failureAnswer(code, true), id)
    socket.resume()
    connection.onParseError(code, answer)
  }

  onNameRefused(serverName: string, peerAddress: string): void {
    const { scope, listener } = this.#settings
    scope().metrics.handshakes.recordFailure('name-refused')
    scope().logger.info(
      { listener, client: unmapped(peerAddress), host: serverName },
      'server name refused',
    )
  }

  onHandshakeError(error: NodeJS.ErrnoException, peerAddress: string): void {
    const { scope, listener } = this.#settings
    scope().metrics.handshakes.recordFailure(handshakeFailureOf(error.code))
    scope().logger.debug(
      { listener, client: unmapped(peerAddress), reason: error.code ?? error.message },
      'handshake failed',
    )
  }

  onHandshakeShed(): void {
    this.#settings.scope().metrics.handshakes.recordFailure('shed')
  }

  /** A bug before there is an exchange, or behind it: its connection ends, and the process says so. */
  #onFault(error: unknown, socket: Socket): void {
    socket.destroy()
    // Not here: fastify stands between this and the process, and would answer.
    setImmediate(() => {
      throw error
    })
  }

  #connectionOf(socket: Socket): ClientConnection {
    const known = this.#bySocket.get(socket)
    if (known) return known
    throw new Error('a request came on a connection that is not known')
  }
}
