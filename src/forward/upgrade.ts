/**
 * WebSocket tunnels, carried by http-proxy behind a wall: this is the only file that knows it.
 *
 * The wall (each point is a trap of http-proxy 1.18.1 and a test): it gets a request object of ours instead of the
 * client's, so that it parses no hostile URL and copies no field that was not screened; a connection of ours that is
 * already verified, so that it opens and checks nothing itself; and its handlers for answers and errors are replaced,
 * because they write malformed answers and listen too late. It relays bytes only after the server's 101.
 */
import { createHash } from 'node:crypto'
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import httpProxy from 'http-proxy'
import type { FailureCode } from '../base/failure.ts'
import type { Server } from '../pools/server.ts'
import type { BackendConnection } from './backend-connection.ts'
import { clientHead, type ResponsePlan } from './response-head.ts'

export interface TunnelRequest {
  readonly socket: Socket
  /** Bytes that came behind the request; they wait for the server's 101. */
  readonly head: Buffer
  readonly connection: BackendConnection
  /** The fields for the server, flat, `Connection: Upgrade` and `Upgrade: websocket` included. */
  readonly fields: readonly string[]
  readonly target: string
  readonly plan: ResponsePlan
  readonly responseMs: number
  readonly tunnelMs: number
}

/** How the upgrade went on. `onRefused` and `onFailed` come instead of `onOpen`; `onEnd` comes after it, once. */
export interface TunnelEvents {
  onOpen(): void
  onEnd(): void
  /** The server answered something else than 101; its answer has been sent whole, and the connection ends. */
  onRefused(status: number): void
  /** Nothing was sent to the client yet. */
  onFailed(code: FailureCode, reason: string): void
}

/** What the client may send before the 101. It should send nothing. */
const MAX_EARLY_BYTES = 64 * 1024
const PROBE_DELAY_MS = 60_000
const GRACE_MS = 2_000
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Starts the upgrade. @returns a way to give it up before the 101 */
export function openTunnel(request: TunnelRequest, events: TunnelEvents): () => void {
  const { connection, socket } = request
  const { server } = connection
  const backend = connection.detach()
  const early = holdEarlyBytes(socket, request.head)
  server.facts.inFlight++
  let isSettled = false
  const settle = (then: () => void): void => {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    early.stop()
    then()
  }
  const release = (): void => {
    backend.destroy()
    server.facts.inFlight--
  }
  const fail = (code: FailureCode, reason: string): void =>
    settle(() => {
      release()
      events.onFailed(code, reason)
    })
  const timer = setTimeout(
    () => fail('backend-response-timeout', 'no answer to the upgrade'),
    request.responseMs,
  )
  const { proxyReq, relay } = startProxyRequest(request, backend)
  proxyReq.on('error', (error: NodeJS.ErrnoException) =>
    fail('backend-closed-early', error.code ?? error.message),
  )
  proxyReq.on('response', (answer: IncomingMessage) =>
    settle(() =>
      relayRefusal(request, answer, () => {
        release()
        events.onRefused(answer.statusCode ?? 0)
      }),
    ),
  )
  proxyReq.on('upgrade', (answer: IncomingMessage, _socket: Socket, glued: Buffer) => {
    const wrong = wrongUpgrade(answer, request.fields)
    if (wrong) return fail('backend-answer-malformed', wrong)
    settle(() => {
      early.giveBack()
      relay({ headers: upgradeHeaders(answer, request.plan) }, backend, glued)
      supervise(request, backend, server, events)
    })
  })
  return () => settle(release)
}

type Relay = (
  answer: { headers: Record<string, string | string[]> },
  backend: Socket,
  glued: Buffer,
) => void

/** Lets http-proxy make its request over our connection, then takes the answer's handlers over. */
function startProxyRequest(
  request: TunnelRequest,
  backend: Socket,
): { proxyReq: ClientRequest; relay: Relay } {
  const proxy = httpProxy.createProxyServer({})
  let proxyReq: ClientRequest | undefined
  proxy.on('proxyReqWs', (made: ClientRequest) => {
    // As received, byte for byte: http-proxy would collapse "//" and escape quotes.
    made.path = request.target
    proxyReq = made
  })
  proxy.on('error', () => {})
  const facade = { method: 'GET', url: '/', headers: headersObject(request.fields) }
  proxy.ws(facade as unknown as IncomingMessage, request.socket, EMPTY, {
    target: { protocol: 'http:', host: 'backend', port: '80' },
    agent: new OneSocketAgent(backend),
    toProxy: true,
    prependPath: false,
  })
  if (!proxyReq) throw new Error('http-proxy made no request')
  const [relay] = proxyReq.listeners('upgrade') as Relay[]
  if (!relay) throw new Error('http-proxy does not listen for the upgrade')
  for (const event of ['upgrade', 'response', 'error']) proxyReq.removeAllListeners(event)
  return { proxyReq, relay }
}

const EMPTY = Buffer.alloc(0)

/** Hands out one connection that already stands. */
class OneSocketAgent extends Agent {
  readonly #socket: Socket

  constructor(socket: Socket) {
    super({ keepAlive: false })
    this.#socket = socket
  }

  override createConnection(): Socket {
    return this.#socket
  }
}

/** Keeps what the client sends ahead of the 101, and notices when it leaves, which takes reading. */
function holdEarlyBytes(socket: Socket, head: Buffer) {
  const held: Buffer[] = head.length > 0 ? [head] : []
  let bytes = head.length
  const onData = (chunk: Buffer): void => {
    held.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_EARLY_BYTES) socket.pause()
  }
  const stop = (): void => {
    socket.off('data', onData)
    socket.pause()
  }
  socket.on('data', onData)
  socket.resume()
  return {
    stop,
    giveBack: (): void => {
      if (held.length > 0) socket.unshift(Buffer.concat(held))
    },
  }
}

/** RFC 6455 4.1, the client's checks: without a right answer the server has not understood that a tunnel begins. */
function wrongUpgrade(answer: IncomingMessage, fields: readonly string[]): string | undefined {
  const { headers } = answer
  if (answer.statusCode !== 101 || headers.upgrade?.toLowerCase() !== 'websocket')
    return 'a 101 for something else'
  const key = fieldValue(fields, 'sec-websocket-key') ?? ''
  const accept = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest('base64')
  return headers['sec-websocket-accept'] === accept ? undefined : 'a wrong Sec-WebSocket-Accept'
}

function fieldValue(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if ((fields[i] as string).toLowerCase() === name) return fields[i + 1]
  }
  return undefined
}

/** Flat fields as the object that http.request takes; case is kept, repeated names are grouped. */
function headersObject(fields: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null)
  const spelling = new Map<string, string>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const lower = (fields[i] as string).toLowerCase()
    // http-proxy looks for these two by their lower-case names.
    const name =
      lower === 'upgrade' || lower === 'connection'
        ? lower
        : (spelling.get(lower) ?? (fields[i] as string))
    spelling.set(lower, name)
    const value = fields[i + 1] as string
    const known = headers[name]
    headers[name] =
      known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value]
  }
  return headers
}

function upgradeHeaders(
  answer: IncomingMessage,
  plan: ResponsePlan,
): Record<string, string | string[]> {
  return headersObject([
    ...answerFields(answer, plan),
    'Connection',
    'Upgrade',
    'Upgrade',
    'websocket',
  ])
}

function answerFields(answer: IncomingMessage, plan: ResponsePlan): string[] {
  return clientHead(
    {
      status: answer.statusCode ?? 0,
      reason: answer.statusMessage ?? '',
      fields: answer.rawHeaders,
      framing: 'none',
      contentLength: -1,
      keepsAlive: false,
    },
    plan,
  ).fields
}

/** A refusal goes to the client whole and well-formed, delimited by the end of the connection or its own length. */
function relayRefusal(request: TunnelRequest, answer: IncomingMessage, done: () => void): void {
  const { socket } = request
  const fields = [...answerFields(answer, request.plan), 'Connection', 'close']
  let text = `HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  socket.write(`${text}\r\n`, 'latin1')
  let isDone = false
  const finish = (isWhole: boolean): void => {
    if (isDone) return
    isDone = true
    if (isWhole) endSoon(socket)
    else socket.destroy()
    done()
  }
  answer.on('data', (bytes: Buffer) => {
    if (socket.write(bytes)) return
    answer.pause()
    socket.once('drain', () => answer.resume())
  })
  answer.on('end', () => finish(answer.complete))
  answer.on('error', () => finish(false))
  socket.once('close', () => {
    answer.destroy()
    finish(false)
  })
}

/** Ends a socket when all is written, and does not wait for ever for the other side. */
function endSoon(socket: Duplex): void {
  socket.resume()
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), GRACE_MS)
    socket.once('close', () => clearTimeout(timer))
  })
}

/** From the 101 on: the end of one side ends the other, an idle tunnel ends, and everything is counted down once. */
function supervise(
  request: TunnelRequest,
  backend: Socket,
  server: Server,
  events: TunnelEvents,
): void {
  const { socket, tunnelMs } = request
  let isOver = false
  const over = (): void => {
    if (isOver) return
    isOver = true
    server.facts.inFlight--
    events.onEnd()
  }
  for (const side of [socket, backend]) side.setKeepAlive(true, PROBE_DELAY_MS)
  // Every byte of either direction is read or written on the client's socket, so its timer alone sees all silence.
  socket.setTimeout(tunnelMs, () => {
    socket.destroy()
    backend.destroy()
  })
  closeTogether(socket, backend, over)
  closeTogether(backend, socket, over)
  events.onOpen()
}

/** A clean end lets the other side have what is still on its way; a break breaks the other side too. */
function closeTogether(one: Socket, other: Socket, over: () => void): void {
  one.on('error', () => {})
  one.once('close', (hadError: boolean) => {
    over()
    if (hadError || other.writableLength === 0) other.destroy()
    else endSoon(other)
  })
}
