/**
 * One exchange with a back end.
 *
 *     client ──a──▶ lyncgate ──b──▶ server
 *     client ◀──d── lyncgate ◀──c── server
 *
 * a: the request body, read as fast as b takes it; b: written once the connection stands; c: parsed strictly;
 * d: written as fast as the client takes it. No step buffers more than the sockets do, and nothing is ever sent twice.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FailureCode } from '../base/failure.ts'
import type { Choice, ChoiceHints, ChoiceSource } from '../pools/choose-server.ts'
import { chooseNextServer, chooseServer } from '../pools/choose-server.ts'
import type { Pool } from '../pools/pool.ts'
import type { Server } from '../pools/server.ts'
import {
  type BackendConnection,
  type BackendUser,
  openBackendConnection,
} from './backend-connection.ts'
import type { BackendConnections } from './backend-connections.ts'
import { mayBeTrailer } from './fields.ts'
import { endAfterRequest } from './linger.ts'
import { clientFraming, clientHead, informationText } from './response-head.ts'
import type { ResponseHead } from './response-parser.ts'

/** What the access log wants to know; filled in as the exchange goes on. Times are monotonic milliseconds. */
export interface ForwardReport {
  server: Server | undefined
  source: ChoiceSource | undefined
  pinned: boolean
  connectedAtMs: number | undefined
  firstByteAtMs: number | undefined
  status: number
  requestBytes: number
  responseBytes: number
  diagnostics: string | undefined
  /** The reason of a failure in the words of the socket or the parser. */
  reason: string | undefined
}

export interface ForwardRequest {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** The request head for the server, ready to write. */
  readonly head: string
  readonly framing: 'none' | 'length' | 'chunked'
  readonly pool: Pool
  readonly hints: ChoiceHints
  /** TLS to the server: its httpsPort, else its httpPort. */
  readonly isTls: boolean
  /** The request carries credentials that belong to the connection. */
  readonly pins: boolean
  readonly connections: BackendConnections
  readonly rewriteLocation: ((value: string, server: Server) => string) | undefined
  readonly report: ForwardReport
  readonly settings: ForwardSettings & ConnectSettings
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** True when the client connection must close after this answer, whatever the server says. */
  readonly closes: () => boolean
}

export interface ConnectSettings {
  readonly timeouts: { readonly connectMs: number }
}

export interface ForwardSettings {
  readonly timeouts: { readonly responseMs: number; readonly requestBodyMs: number }
  readonly limits: { readonly bodyBytes: number }
}

/** How it ended. After `failed` with `answered: false` an answer of ours can still be given. */
export type ForwardResult =
  | { readonly kind: 'done'; readonly closes: boolean }
  | {
      readonly kind: 'failed'
      readonly code: FailureCode
      readonly answered: boolean
      readonly closes: boolean
    }

/** Obtains a connection to a server of the pool: the pin, an open one, or a new one, trying one server after another. */
export interface ConnectJob {
  readonly pool: Pool
  readonly hints: ChoiceHints
  readonly isTls: boolean
  readonly connections: BackendConnections
  readonly report: ForwardReport
  readonly settings: ConnectSettings
  readonly now: () => number
}

/** @returns a way to give the attempt up. `done` may be called at once; without a connection all servers failed. */
export function obtainConnection(
  job: ConnectJob,
  done: (connection: BackendConnection | undefined) => void,
): () => void {
  const { pool, hints, connections, report } = job
  const pin = connections.pinOf(pool.name)
  if (pin) {
    report.source = 'pin'
    report.server = pin.server
    done(pin.isOpen && !pin.isBusy ? pin : undefined)
    return () => {}
  }
  const tried = new Set<Server>()
  let giveUp = (): void => {}
  const attempt = (choice: Choice): void => {
    report.source = choice.source
    report.server = choice.server
    const open = connections.find(choice.server)
    if (open) return done(open)
    const request = {
      server: choice.server,
      isTls: job.isTls,
      connectMs: job.settings.timeouts.connectMs,
      nowMs: job.now(),
    }
    giveUp = openBackendConnection(request, (result) => {
      if (result.ok) {
        report.connectedAtMs = job.now()
        connections.add(result.connection)
        return done(result.connection)
      }
      report.reason = `${choice.server.address}: ${result.reason}`
      tried.add(choice.server)
      const next = chooseNextServer(pool, hints, tried)
      if (!next) return done(undefined)
      attempt(next)
    })
  }
  attempt(chooseServer(pool, hints))
  return () => giveUp()
}

/** Starts the exchange. `done` is called exactly once, unless `abandon` is called before. */
export class Forwarding implements BackendUser {
  readonly #request: ForwardRequest
  readonly #done: (result: ForwardResult) => void
  #connection: BackendConnection | undefined
  #giveUpConnecting: (() => void) | undefined
  #isOver = false
  #hasAnswerHead = false
  #isFlushed = false
  #isAnswerComplete = false
  #isRequestComplete: boolean
  #isUploadPaused = false
  #bodyTimer: NodeJS.Timeout | undefined

  constructor(request: ForwardRequest, done: (result: ForwardResult) => void) {
    this.#request = request
    this.#done = done
    this.#isRequestComplete = request.framing === 'none'
  }

  /** 1. A connection: pinned, open, or new. Until it stands not one byte is written, so another server may be tried. */
  start(): void {
    this.#giveUpConnecting = obtainConnection(this.#request, (connection) => {
      if (this.#isOver) return
      if (connection) this.#send(connection)
      else this.#fail('backend-unreachable')
    })
  }

  /** The client has gone: the back-end request ends at once, so that the server does not work for nobody. */
  abandon(): void {
    if (this.#isOver) return
    this.#finish()
    this.#giveUpConnecting?.()
    this.#connection?.destroy()
  }

  /** 2. The head in one write, then the body as it comes. */
  #send(connection: BackendConnection): void {
    const { req, head, framing, pool, pins, connections, report, settings } = this.#request
    this.#connection = connection
    if (pins && !connection.isPinned) connections.pin(pool.name, connection)
    report.pinned = connection.isPinned
    connection.begin(this, req.method ?? 'GET', settings.timeouts.responseMs)
    connection.socket.write(head, 'latin1')
    if (framing === 'none') return
    this.#bodyTimer = setTimeout(this.#onBodyTimeout, settings.timeouts.requestBodyMs)
    req.on('data', this.#onRequestData)
    req.on('end', this.#onRequestEnd)
  }

  // ── a to b ──

  readonly #onRequestData = (bytes: Buffer): void => {
    const { req, framing, report, settings } = this.#request
    report.requestBytes += bytes.length
    this.#bodyTimer?.refresh()
    if (report.requestBytes > settings.limits.bodyBytes) return this.#fail('client-body-too-large')
    const socket = this.#connection?.socket
    if (!socket) return
    if (framing === 'chunked') {
      socket.cork()
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      socket.write(bytes)
      socket.write('\r\n', 'latin1')
      socket.uncork()
    } else {
      socket.write(bytes)
    }
    if (!socket.writableNeedDrain) return
    this.#isUploadPaused = true
    req.pause()
  }

  readonly #onRequestEnd = (): void => {
    const { req, framing } = this.#request
    clearTimeout(this.#bodyTimer)
    this.#isRequestComplete = true
    if (framing === 'chunked') this.#connection?.socket.write(lastChunk(req.rawTrailers), 'latin1')
    if (this.#isAnswerComplete) this.#settle()
  }

  onDrain(): void {
    if (!this.#isUploadPaused) return
    this.#isUploadPaused = false
    this.#bodyTimer?.refresh()
    this.#request.req.resume()
  }

  readonly #onBodyTimeout = (): void => {
    // Paused because the server does not read: that is the response time-out's business.
    if (this.#isUploadPaused) this.#bodyTimer?.refresh()
    else this.#fail('client-body-timeout')
  }

  // ── c to d ──

  onInformation(head: ResponseHead): void {
    const { req, res } = this.#request
    if (req.httpVersionMinor === 0 || this.#hasAnswerHead) return
    res.socket?.write(informationText(head), 'latin1')
  }

  onHead(head: ResponseHead): void {
    const { req, res, pool, connections, hints, report } = this.#request
    const connection = this.#connection as BackendConnection
    const { server } = connection
    const isHttp11 = req.httpVersionMinor === 1
    const framing = clientFraming(head, isHttp11)
    const ownsAffinity = pool.affinity === 'cookie'
    const needsCookie =
      ownsAffinity &&
      hints.affinityKey !== server.affinityKey &&
      !keepsCookie(this.#request, connection)
    const rewrite = this.#request.rewriteLocation
    const { fields, offersConnectionAuth, diagnostics } = clientHead(head, {
      ownsAffinity,
      affinityOf: needsCookie ? server : undefined,
      rewriteLocation: rewrite && ((value) => rewrite(value, server)),
    })
    this.#hasAnswerHead = true
    report.firstByteAtMs = this.#request.now()
    report.status = head.status
    report.diagnostics = diagnostics
    if (offersConnectionAuth && !connection.isPinned) connections.pin(pool.name, connection)
    report.pinned = connection.isPinned
    // The end of a pinned connection is the end of the client connection: its identity must not outlive it.
    if (framing === 'close' || (connection.isPinned && !head.keepsAlive)) this.#mustClose = true
    if (framing === 'chunked') fields.push('Transfer-Encoding', 'chunked')
    if (this.#closesAfter()) fields.push('Connection', 'close')
    else if (!isHttp11) fields.push('Connection', 'keep-alive')
    res.sendDate = false
    // Takes away the Connection and Keep-Alive fields that Node would add by itself.
    res.removeHeader('connection')
    if (framing === 'close') res.removeHeader('transfer-encoding')
    res.writeHead(head.status, head.reason, fields)
  }

  onBody(bytes: Buffer): void {
    const { res, report } = this.#request
    report.responseBytes += bytes.length
    this.#isFlushed = true
    if (res.write(bytes)) return
    this.#connection?.socket.pause()
    res.once('drain', this.#onClientDrain)
  }

  readonly #onClientDrain = (): void => {
    if (!this.#isOver) this.#connection?.socket.resume()
  }

  /** A head without a byte of body behind it goes out at once: a long poll's first sign of life. */
  onReadEnd(): void {
    if (!this.#hasAnswerHead || this.#isFlushed) return
    this.#isFlushed = true
    this.#request.res.flushHeaders()
  }

  onComplete(trailers: readonly string[]): void {
    const { res } = this.#request
    this.#isAnswerComplete = true
    this.#isFlushed = true
    if (trailers.length > 0 && res.chunkedEncoding) addTrailers(res, trailers)
    if (this.#isRequestComplete || !this.#closesAfter()) res.end()
    if (this.#isRequestComplete) return this.#settle()
    // The answer came before the end of the request. As long as both sides keep their connection, the body is passed
    // on to its end, so that the connection (and who is signed in on it) survives.
    const connection = this.#connection as BackendConnection
    if (connection.isOpen && !this.#closesAfter()) return
    this.#abortUpload()
    endAfterRequest(this.#request.req, res, () => {
      res.end()
      this.#settle()
    })
  }

  // ── ends ──

  onConnectionLost(reason: string): void {
    this.#request.report.reason = reason
    if (this.#isAnswerComplete) return this.#loseUpload()
    this.#fail(this.#hasAnswerHead ? 'backend-broke-off' : 'backend-closed-early')
  }

  onMalformed(what: string): void {
    this.#request.report.reason = what
    this.#fail(this.#hasAnswerHead ? 'backend-broke-off' : 'backend-answer-malformed')
  }

  onSilence(): void {
    this.#fail(this.#hasAnswerHead ? 'backend-stalled' : 'backend-response-timeout')
  }

  #mustClose = false

  #closesAfter(): boolean {
    return this.#mustClose || this.#request.closes()
  }

  /** The server closed after its complete answer while the client still sends: nobody will read the rest. */
  #loseUpload(): void {
    this.#abortUpload()
    this.#request.res.socket?.destroySoon()
    this.#settle()
  }

  #abortUpload(): void {
    const { req } = this.#request
    clearTimeout(this.#bodyTimer)
    req.off('data', this.#onRequestData)
    req.off('end', this.#onRequestEnd)
    this.#connection?.destroy()
  }

  /** Both directions are done. */
  #settle(): void {
    if (this.#isOver) return
    const connection = this.#connection as BackendConnection
    this.#finish()
    connection.release()
    if (!connection.isOpen) this.#request.connections.remove(connection)
    this.#done({ kind: 'done', closes: this.#closesAfter() })
  }

  #fail(code: FailureCode): void {
    if (this.#isOver) return
    const { connections } = this.#request
    const connection = this.#connection
    const isLate = code === 'client-body-timeout' || code === 'client-body-too-large'
    this.#finish()
    if (connection) {
      connection.destroy()
      connections.remove(connection)
    }
    const pinned = connections.pinOf(this.#request.pool.name) !== undefined
    this.#done({
      kind: 'failed',
      code,
      answered: this.#hasAnswerHead,
      closes: pinned || isLate || !this.#isRequestComplete,
    })
  }

  #finish(): void {
    const { req, res } = this.#request
    this.#isOver = true
    clearTimeout(this.#bodyTimer)
    req.off('data', this.#onRequestData)
    req.off('end', this.#onRequestEnd)
    res.off('drain', this.#onClientDrain)
  }
}

/** A pinned connection keeps its server even against the cookie; then the cookie is left as it is. */
function keepsCookie(request: ForwardRequest, connection: BackendConnection): boolean {
  return (
    connection.isPinned &&
    request.hints.affinityKey !== undefined &&
    request.report.source === 'pin'
  )
}

function lastChunk(rawTrailers: readonly string[]): string {
  let text = '0\r\n'
  for (let i = 0; i + 1 < rawTrailers.length; i += 2) {
    if (mayBeTrailer(rawTrailers[i] as string))
      text += `${rawTrailers[i]}: ${rawTrailers[i + 1]}\r\n`
  }
  return `${text}\r\n`
}

function addTrailers(res: ServerResponse, trailers: readonly string[]): void {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < trailers.length; i += 2) {
    if (mayBeTrailer(trailers[i] as string))
      pairs.push([trailers[i] as string, trailers[i + 1] as string])
  }
  res.addTrailers(pairs)
}
