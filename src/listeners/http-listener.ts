/**
 * What an open port leads to: fastify over a Node server whose limits are ours. It knows sockets and handshakes; what
 * becomes of a request is the handler's business.
 *
 * It never listens itself: connections are handed to it. Its settings therefore never change. A configuration with other
 * settings (certificates, TLS profile, time-outs, size of heads) gets a new one behind the same port, at once for all
 * of them, those included that Node cannot change on a server that runs; connections that stand stay where they are.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import fastify from 'fastify'
import type { TlsProfile } from '../config/rules.ts'
import type { ClientAnswer, ClientRequest } from '../forward/client-message.ts'
import { chooserOf, type NodeServers, takesEcdsa } from './choose-profile.ts'
import { takeDirectRequests } from './direct-request.ts'
import { pastFastify, takeEveryRequest } from './every-request.ts'
import { createHandshakeQueue } from './handshake-queue.ts'
import type { ListenerHandler } from './listener-handler.ts'
import { type BelowTls, type NamedPeers, peerOf } from './peer.ts'
import { httpServerOptions, type ServerSettings } from './server-settings.ts'
import { takeProxyHeader } from './take-proxy-header.ts'
import {
  type HandshakeEvents,
  stapleResponses,
  type TlsSettings,
  tlsServerOptions,
} from './tls-settings.ts'

export interface ListenerSettings {
  readonly server: ServerSettings
  /** Undefined: plain HTTP. */
  readonly tls: TlsSettings | undefined
  /** Each connection begins with a PROXY header, which says who the client is. */
  readonly needsProxyHeader: boolean
}

export interface HttpListener {
  /** Serves a TCP connection from its first byte on. */
  take(socket: Socket): void
  /** New keys for session tickets; no effect without TLS. */
  useTicketKeys(keys: Buffer): void
  /** Nothing more will be handed over. Resolves when the last connection has gone. */
  retire(): Promise<void>
}

/** Makes it. Rejects when the certificate cannot be used under the TLS profile. */
export async function createHttpListener(
  settings: ListenerSettings,
  handler: ListenerHandler,
): Promise<HttpListener> {
  const named: NamedPeers = new WeakMap()
  const others = new Map<TlsProfile, Server>()
  const { tls } = settings
  const app = fastify({
    serverFactory: (routed) => {
      const route = pastFastify(routed, handler)
      const make = (profile: TlsProfile | undefined): Server =>
        createNodeServer({ settings, profile }, { handler, named }, route)
      for (const profile of tls?.otherProfiles ?? []) {
        const other = make(profile)
        other.on('clientError', (error, socket) => handler.onParseError(error, socket as Socket))
        others.set(profile, other)
      }
      return make(tls?.profile)
    },
    clientErrorHandler: (error, socket) => handler.onParseError(error, socket),
    // The router never sees a target: bad escapes and odd methods are the back end's business, not fastify's.
    rewriteUrl: () => '/',
    // Node's own: fastify would set them again.
    keepAliveTimeout: 0,
    requestTimeout: 0,
    connectionTimeout: 0,
    logger: false,
    return503OnClosing: false,
  })
  takeEveryRequest(app, handler)
  await app.ready()
  const { server } = app
  // Node starts to look for late heads with this event; nothing else depends on it.
  const servers = [server, ...others.values()]
  for (const each of servers) each.emit('listening')
  const choose = tls
    ? handshakesOf({ server, others }, { tls, settings, handler, named })
    : (socket: Socket): void => void server.emit('connection', socket)
  const serve = (socket: Socket): void => {
    const { address } = peerOf(socket, named)
    if (admit(socket, address, handler)) choose(socket, address)
  }
  const waitMs = settings.server.requestHeadMs
  return handOver(servers, {
    isTls: tls !== undefined,
    begin: settings.needsProxyHeader
      ? (socket) => serveNamed(socket, { handler, named, waitMs, serve })
      : serve,
  })
}

interface HandshakeScope extends EventScope {
  readonly tls: TlsSettings
  readonly settings: ListenerSettings
}

/** Begins the handshakes of connections, each in its turn and with the server for its name. */
function handshakesOf(servers: NodeServers, { tls, settings, handler, named }: HandshakeScope) {
  const { handshakeMs } = settings.server
  const onTimeout = (socket: Socket): void => {
    // As Node says it of a handshake that has begun.
    const error = Object.assign(new Error('late'), { code: 'ERR_TLS_HANDSHAKE_TIMEOUT' })
    handler.onHandshakeError(error, peerOf(socket, named).address)
  }
  const begin = chooserOf(servers, tls, { handshakeMs, onTimeout })
  return createHandshakeQueue({
    handshakeMs,
    begin,
    onTimeout,
    onShed: () => handler.onHandshakeShed(),
  })
}

const isTlsServer = (server: Server): server is TlsServer => 'setTicketKeys' in server

interface Beginning {
  readonly isTls: boolean
  /** What is done first with a connection. */
  readonly begin: (socket: Socket) => void
}

function handOver(servers: readonly Server[], { isTls, begin }: Beginning): HttpListener {
  let open = 0
  let isRetired = false
  let onEmpty = (): void => {}
  const endWhenEmpty = (): void => {
    if (!isRetired || open > 0) return
    // Ends the timer that looks for late heads. Earlier it would end idle connections, on which somebody is signed in.
    for (const each of servers) each.close()
    onEmpty()
  }
  return {
    take: (socket) => {
      // It may have gone while it was held, and would never be heard of again.
      if (socket.destroyed) return
      open++
      socket.once('close', () => {
        open--
        endWhenEmpty()
      })
      // As `http.Server` has it for its own sockets and `https.Server` not.
      socket.allowHalfOpen = !isTls
      begin(socket)
    },
    useTicketKeys: (keys) => {
      for (const each of servers) if (isTlsServer(each)) each.setTicketKeys(keys)
    },
    retire: () =>
      new Promise((resolve) => {
        isRetired = true
        onEmpty = resolve
        endWhenEmpty()
      }),
  }
}

interface NamedScope extends EventScope {
  readonly waitMs: number
  readonly serve: (socket: Socket) => void
}

/** Serves the connection when its PROXY header is there. */
function serveNamed(socket: Socket, { handler, named, waitMs, serve }: NamedScope): void {
  // An unheard 'error' would end the process.
  socket.on('error', () => {})
  if (!handler.onBalancer(socket)) return void socket.destroy()
  takeProxyHeader(socket, waitMs, (taken) => {
    handler.onNamed(socket, taken.kind === 'none' ? taken.reason : undefined)
    if (taken.kind === 'none') return void socket.destroy()
    const { source } = taken
    const address = source ?? socket.remoteAddress ?? ''
    named.set(socket, { address, isClient: source !== undefined })
    serve(socket)
  })
}

interface EventScope {
  readonly handler: ListenerHandler
  readonly named: NamedPeers
}

/** A profile that is undefined: plain HTTP. */
function createNodeServer(
  { settings, profile }: { settings: ListenerSettings; profile: TlsProfile | undefined },
  { handler, named }: EventScope,
  route: RequestListener,
): Server {
  const options = {
    ...httpServerOptions(settings.server),
    shouldUpgradeCallback: (req: IncomingMessage) => handler.mayUpgrade(req),
  }
  const { tls } = settings
  // A name that was turned away ends the connection, which Node reports as an error of the handshake once more.
  const refused = new WeakSet<TLSSocket>()
  // Node asks for a staple inside the call that hands over the certificate.
  let isNamed = false
  const events: HandshakeEvents = {
    onNamed: (answer) => {
      isNamed = true
      answer()
      isNamed = false
    },
    onRefused: (serverName, socket) => {
      refused.add(socket)
      handler.onNameRefused(serverName, peerOf(socket, named).address)
    },
    takesEcdsa,
  }
  const server =
    tls && profile
      ? createTlsServer(
          { ...options, ...tlsServerOptions(tls, profile, settings.server, events) },
          route,
        )
      : createServer(options, route)
  if (tls && isTlsServer(server)) stapleResponses(server, tls, () => isNamed)
  // 0 is "no limit" for the count: the bytes are limited, screening counts the fields, and a limit here would drop
  // fields silently on older Nodes (CVE-2026-58044).
  server.maxHeadersCount = 0
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse & ExpectsContinue) => {
    // The back end decides about the 100, and the forwarder passes it on. Node, which has not sent it itself, would
    // otherwise end the connection after the answer, and with it a sign-in that is bound to it.
    res._expect_continue = false
    route(req, res)
  })
  server.on('checkExpectation', route)
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) =>
    handler.onUpgrade(req, socket, head),
  )
  // Without a listener Node would destroy the socket without an answer.
  server.on('connect', (req: IncomingMessage, socket: Duplex) =>
    handler.onUpgrade(req, socket, EMPTY),
  )
  const onDirect = (req: ClientRequest, res: ClientAnswer): void => handler.onRequest(req, res)
  const onConnection = (socket: Socket & BelowTls): void => {
    handler.onConnection(socket, {
      peer: peerOf(socket, named),
      tcpSocket: socket._parent ?? socket,
      tlsProfile: profile,
    })
    takeDirectRequests(socket, onDirect)
  }
  server.on(tls ? 'secureConnection' : 'connection', onConnection)
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (!refused.has(socket)) handler.onHandshakeError(error, peerOf(socket, named).address)
  })
  return server
}

/** A mark of Node's own that has no public name; test/interop/expect-through-proxy.test.ts watches over it. */
interface ExpectsContinue {
  _expect_continue?: boolean
}

const EMPTY = Buffer.alloc(0)

/** Runs before Node's server hears of the socket, TLS included. */
function admit(socket: Socket, peer: string, handler: ListenerHandler): boolean {
  // An unheard 'error' would end the process.
  socket.on('error', () => {})
  const isAdmitted = handler.onConnect(socket, peer)
  if (isAdmitted) socket.once('close', () => handler.onDisconnect(socket))
  else socket.destroy()
  return isAdmitted
}
