/**
 * WebSocket upgrades, carried by http-proxy behind a wall: this is the only file that knows it.
 *
 * The wall (each point is a trap of http-proxy 1.18.1 and a test): it gets a request object of ours instead of the
 * client's, so that it parses no hostile URL and copies no field that was not screened; a connection of ours that is
 * already verified, so that it opens and checks nothing itself; and its handlers for answers and errors are replaced,
 * because they write malformed answers and listen too late. It relays bytes only after the server's 101.
 */
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import util from 'node:util'
import type HttpProxy from 'http-proxy'
import type { FailureCode } from '../base/failure.ts'
import type { BackendConnection } from './backend-connection.ts'
import { breakOff } from './break-off.ts'
import type { ForwardTrace } from './forward-trace.ts'
import { guarded } from './guarded.ts'
import type { ResponsePlan } from './response-head.ts'
import { superviseTunnel } from './tunnel.ts'
import {
  type HeadersObject,
  headersObject,
  NOT_OURS,
  switchingFields,
  traceAnswer,
  wrongUpgrade,
} from './upgrade-fields.ts'
import { relayRefusal } from './upgrade-refusal.ts'

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
  readonly trace: ForwardTrace | undefined
}

/** How the upgrade went on. `onRefused` and `onFailed` come instead of `onOpen`; `onEnd` comes after it, once. */
export interface TunnelEvents {
  onOpen(): void
  onEnd(): void
  /** The server answered something else than 101; its answer has been sent, whole or cut, and the connection ends. */
  onRefused(status: number, isWhole: boolean): void
  /** Nothing was sent to the client yet. */
  onFailed(code: FailureCode, reason: string): void
  /** A bug: something threw on the way of an event. The end of the tunnel is to be asked for. */
  onFault(error: unknown): void
}

const httpProxy = loadHttpProxy()

/**
 * http-proxy takes `util._extend` when it is loaded, and each upgrade would warn of it (DEP0060) and turn the order of
 * the fields round. It gets what the warning itself recommends; the rest of the process keeps the original.
 */
function loadHttpProxy(): typeof HttpProxy {
  const original = Object.getOwnPropertyDescriptor(util, '_extend') ?? {}
  Object.defineProperty(util, '_extend', { ...original, value: Object.assign })
  try {
    return createRequire(import.meta.url)('http-proxy') as typeof HttpProxy
  } finally {
    Object.defineProperty(util, '_extend', original)
  }
}

/** What the client may send before the 101. It should send nothing. */
const MAX_EARLY_BYTES = 64 * 1024

/** Starts the upgrade. @returns a way to end it at once: before the 101 without an event, after it with `onEnd` */
export function openTunnel(request: TunnelRequest, events: TunnelEvents): () => void {
  const { connection, socket } = request
  const { facts } = connection.server
  const backend = connection.detach()
  const early = holdEarlyBytes(socket, request.head)
  facts.inFlight++
  let isSettled = false
  /** Once: the upgrade has succeeded, was refused, failed, or was given up. */
  const settle = (then: () => void): void => {
    if (isSettled) return
    isSettled = true
    clearTimeout(timer)
    early.stop()
    then()
  }
  let isCounted = true
  const discount = (): void => {
    if (isCounted) facts.inFlight--
    isCounted = false
  }
  const release = (): void => {
    backend.destroy()
    discount()
  }
  const fail = (code: FailureCode, reason: string): void =>
    settle(() => {
      release()
      events.onFailed(code, reason)
    })
  const guard = <Values extends readonly unknown[]>(listener: (...values: Values) => void) =>
    guarded((error) => {
      release()
      events.onFault(error)
    }, listener)
  const timer = setTimeout(
    guard(() => fail('backend-response-timeout', 'no answer to the upgrade')),
    request.responseMs,
  )
  const { proxyReq, relay } = startProxyRequest(request, backend)
  const onError = (error: NodeJS.ErrnoException): void =>
    fail(failureOf(error), error.code ?? error.message)
  proxyReq.on('error', guard(onError))
  const onResponse = (answer: IncomingMessage): void => {
    // To Node a 101 without an Upgrade field is an answer like any other.
    if (answer.statusCode === 101) return fail('backend-answer-malformed', NOT_OURS)
    if (request.trace) traceAnswer(request.trace, answer, request.plan)
    settle(() => {
      const onDone = (isWhole: boolean): void => {
        release()
        events.onRefused(answer.statusCode ?? 0, isWhole)
      }
      relayRefusal(request, answer, guard(onDone))
    })
  }
  proxyReq.on('response', guard(onResponse))
  const onUpgrade = (answer: IncomingMessage, _socket: Socket, glued: Buffer): void => {
    const wrong = wrongUpgrade(answer, request.fields)
    if (wrong) return fail('backend-answer-malformed', wrong)
    if (request.trace) traceAnswer(request.trace, answer, request.plan)
    settle(() => {
      early.giveBack()
      relay({ headers: switchingFields(answer, request.plan) }, backend, glued)
      const onEnd = (): void => {
        discount()
        events.onEnd()
      }
      superviseTunnel({ client: socket, backend, idleMs: request.tunnelMs }, guard(onEnd))
      events.onOpen()
    })
  }
  proxyReq.on('upgrade', guard(onUpgrade))
  return () => {
    if (isSettled) breakOff(backend)
    settle(release)
  }
}

/** Node's client parser says what is malformed by a code of its own. */
const failureOf = (error: NodeJS.ErrnoException): FailureCode =>
  error.code?.startsWith('HPE_') ? 'backend-answer-malformed' : 'backend-closed-early'

type Relay = (answer: { headers: HeadersObject }, backend: Socket, glued: Buffer) => void

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
    // It was paused when it was given away, and Node's client does not expect that.
    made.once('socket', () => backend.resume())
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
