/** A new connection to a server: TCP, and where the request came by TLS a verified TLS handshake. */
import { connect as connectTcp, isIP, type Socket, type SocketConstructorOpts } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from 'node:tls'
import { lookUpServer } from '../pools/look-up-server.ts'
import type { Server } from '../pools/server.ts'
import { BackendConnection } from './backend-connection.ts'
import type { ForwardTrace } from './forward-trace.ts'
import { createSlabReader, type SlabReader } from './slab-reader.ts'

/** How a connect attempt ended. */
export type ConnectResult =
  | { readonly ok: true; readonly connection: BackendConnection }
  | { readonly ok: false; readonly reason: string }

/** Idle TCP is probed after a minute of silence, so that half-open connections are found. */
const KEEP_ALIVE_DELAY_MS = 60_000

export interface ConnectRequest {
  readonly server: Server
  readonly isTls: boolean
  readonly connectMs: number
  readonly trace?: ForwardTrace | undefined
}

/**
 * Opens a connection, TLS handshake and verification included. `done` is called once, never synchronously.
 * @returns a way to give the attempt up; `done` is not called after that
 */
export function openBackendConnection(
  request: ConnectRequest,
  done: (result: ConnectResult) => void,
): () => void {
  const { server, isTls } = request
  const reader = createSlabReader()
  const socket = isTls ? openTls(server, reader) : openTcp(server, reader)
  request.trace?.onSocket(socket)
  let settled = false
  const settle = (result: ConnectResult): void => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    socket.off('close', onClose)
    done(result)
  }
  const fail = (reason: string): void => {
    if (settled) return
    socket.destroy()
    settle({ ok: false, reason })
  }
  const onClose = (): void => fail('the connection was closed while it was set up')
  const timer = setTimeout(
    () => fail(`no connection within ${request.connectMs} ms`),
    request.connectMs,
  )
  socket.on('error', (error: NodeJS.ErrnoException) => fail(reasonOf(error)))
  socket.on('close', onClose)
  socket.once(isTls ? 'secureConnect' : 'connect', () => {
    if (settled) return
    settle({ ok: true, connection: new BackendConnection(socket, reader, server, isTls) })
  })
  return () => {
    if (settled) return
    settled = true
    clearTimeout(timer)
    socket.destroy()
  }
}

/** Node has no code for a certificate that is too weak; OpenSSL's sentence says what is. */
const reasonOf = ({ code, message }: NodeJS.ErrnoException): string =>
  code === undefined || code === 'UNSPECIFIED' ? message : code

function openTcp(server: Server, { onread }: SlabReader): Socket {
  return connectTcp({
    host: server.address,
    port: server.httpPort,
    lookup: lookUpServer,
    onread,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
  })
}

/**
 * TLS to the server: HTTP/1.1 only (NTLM is impossible over HTTP/2), certificate and name verified unless the file
 * spells out otherwise. Sessions are resumed per server and trust settings; Node checks the identity again only on full
 * handshakes, which is why `ServerRegistry` keys sessions by those settings.
 */
function openTls(server: Server, { onread }: SlabReader): Socket {
  const { tls } = server
  const session = server.facts.tlsSessions.get(server.httpsPort)
  // Node hands these options on to its socket; its types know of none of them there.
  const reading: ConnectionOptions & Pick<SocketConstructorOpts, 'onread'> = { onread }
  const socket = connectTls({
    ...reading,
    host: server.address,
    port: server.httpsPort,
    lookup: lookUpServer,
    ...(isIP(tls.serverName) ? {} : { servername: tls.serverName }),
    secureContext: tls.secureContext,
    // Spelt out, because Node would check the address instead when the name to check is an IP address.
    checkServerIdentity: (_host, certificate) => checkServerIdentity(tls.serverName, certificate),
    ...(session ? { session } : {}),
    rejectUnauthorized: !tls.insecureSkipVerify,
    ALPNProtocols: ['http/1.1'],
  })
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS)
  socket.on('session', (ticket: Buffer) => server.facts.tlsSessions.set(server.httpsPort, ticket))
  return socket
}
