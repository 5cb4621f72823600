/** Stands between a listener and the two ways (request and upgrade): which connection an event belongs to. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { FailureCode } from '../base/failure.ts'
import { unmapped } from '../base/unmapped.ts'
import type { TlsProfile } from '../config/rules.ts'
import type { ConnectionLimits } from '../guard/connection-limits.ts'
import { handshakeFailureOf } from '../observe/metrics/handshake-metrics.ts'
import { createSeldom } from '../observe/seldom.ts'
import { type Arrival, ClientConnection } from './client-connection.ts'
import { monotonicNow, nextRequestId } from './exchange.ts'
import { handleRequest, type RequestScope } from './handle-request.ts'
import { handleUpgrade } from './handle-upgrade.ts'
import { readRequest } from './read-request.ts'
import { failureAnswer, ownAnswerText } from './respond.ts'
import { isWebSocketUpgrade } from './screen-request.ts'

export interface ListenerHandlerSettings {
  readonly listener: string
  readonly isTls: boolean
  readonly httpsPort: number | undefined
  readonly limits: ConnectionLimits
  /** The scope current at this moment; asked once per request. */
  readonly scope: () => RequestScope
}

/** The events of one listener. `connections` are those that stand at the moment. */
export class ListenerHandler {
  readonly connections = new Set<ClientConnection>()
  /** Its port is closed: a handshake that ends only now is good for one request. */
  #isLeaving = false
  readonly #settings: ListenerHandlerSettings
  readonly #bySocket = new WeakMap<Duplex, ClientConnection>()
  /** Sockets whose bytes are no longer understood. What still comes on them is read and thrown away. */
  readonly #givenUp = new WeakSet<Socket>()
  /** Balancers that have not named their client yet. */
  readonly #unnamed = new Set<Socket>()
  readonly #sayStranger = createSeldom(monotonicNow)
  readonly #sayNameless = createSeldom(monotonicNow)

  constructor(settings: ListenerHandlerSettings) {
    this.#settings = settings
  }

  onConnect(peerAddress: string): boolean {
    const address = unmapped(peerAddress)
    if (this.#settings.limits.admit(address)) return true
    const { scope, listener } = this.#settings
    scope().metrics.recordRefusedConnection()
    scope().logger.warn({ listener, client: address }, 'connection refused: limit reached')
    return false
  }

  onDisconnect(peerAddress: string): void {
    this.#settings.limits.release(unmapped(peerAddress))
  }

  onBalancer(socket: Socket): boolean {
    // Checks of balancers connect and reset at once: then the system no longer knows who it was.
    if (socket.remoteAddress === undefined) return false
    const { limits, listener, scope } = this.#settings
    const { snapshot, logger } = scope()
    const peer = unmapped(socket.remoteAddress)
    if (!snapshot.isTrustedProxy(peer)) {
      this.#sayStranger((unsaid) =>
        logger.warn({ listener, peer, unsaid }, 'connection refused: not a trusted proxy'),
      )
      return false
    }
    if (!limits.admitUnnamed()) {
      logger.warn({ listener, peer }, 'connection refused: limit reached')
      return false
    }
    this.#unnamed.add(socket)
    return true
  }

  onNamed(socket: Socket, trouble: string | undefined): void {
    const { limits, listener, scope } = this.#settings
    limits.releaseUnnamed()
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

  onConnection(
    socket: Socket,
    peer: { readonly address: string; readonly isClient: boolean },
    tlsProfile: TlsProfile | undefined,
  ): void {
    const { listener, isTls, httpsPort, scope } = this.#settings
    if (socket instanceof TLSSocket)
      scope().metrics.handshakes.recordDone(socket.getProtocol() ?? '', socket.isSessionReused())
    const arrival: Arrival = {
      listener,
      isTls,
      tlsProfile,
      httpsPort,
      peerAddress: unmapped(peer.address),
      isPeerClient: peer.isClient,
    }
    const connection = new ClientConnection(socket, arrival, (incoming, own) =>
      handleRequest(incoming, own, this.#settings.scope()),
    )
    // An unheard 'error' would end the process; what it means is said by 'close'.
    socket.on('error', () => {})
    connection.onTooManyAhead = () =>
      this.#settings
        .scope()
        .logger.info(
          { listener, client: arrival.peerAddress },
          'connection cut: too many requests ahead',
        )
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

  onRequest(req: IncomingMessage, res: ServerResponse): void {
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
    const { logger, metrics } = this.#settings.scope()
    const id = nextRequestId()
    // A connection that never sent a byte (a port scan, a preconnect) gets no answer, only its end.
    const isSilent = code === 'client-head-timeout' && connection.isSilent
    if (!isSilent) {
      metrics.recordUnreadable(code)
      logger.info(
        {
          id,
          listener: this.#settings.listener,
          client: connection.arrival.peerAddress,
          outcome: code,
          reason: error.code,
        },
        'request refused',
      )
    }
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

  /** A bug before there is an exchange, or behind it: its connection ends, and the process says so. */
  #onFault(error: unknown, socket: Socket): void {
    socket.destroy()
    // Not here: fastify stands between this and the process, and would answer.
    setImmediate(() => {
      throw error
    })
  }

  #connectionOf(socket: Socket): ClientConnection {
    const connection = this.#bySocket.get(socket)
    if (!connection) throw new Error('a request came on a connection that is not known')
    return connection
  }
}

/** What Node's parser says, in our words. Undefined: the connection itself broke. */
function parseFailure(error: NodeJS.ErrnoException): FailureCode | undefined {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'client-head-too-large'
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'client-malformed'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'client-head-timeout'
    case 'HPE_INVALID_EOF_STATE':
      return undefined
    case 'HPE_INVALID_CONTENT_LENGTH':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return 'client-framing-ambiguous'
  }
  return error.code?.startsWith('HPE_') ? 'client-malformed' : undefined
}
