/**
 * One exchange with a back end.
 *
 *     client ──a──▶ lyncgate ──b──▶ server
 *     client ◀──d── lyncgate ◀──c── server
 *
 * a to b: `upload.ts`, once the connection stands; c: parsed strictly, `response-parser.ts`; c to d: `download.ts`.
 * No step buffers more than the sockets do, and nothing is ever sent twice.
 */
import type { FailureCode } from '../base/failure.ts'
import { isDraining, type Server } from '../pools/server.ts'
import type { BackendConnection, BackendUser } from './backend-connection.ts'
import type { ClientAnswer, ClientRequest } from './client-message.ts'
import { Download } from './download.ts'
import { endAfterRequest } from './linger.ts'
import { type ConnectJob, type ConnectSettings, obtainConnection } from './obtain-connection.ts'
import { noteAnswer, noteFailure } from './passive-check.ts'
import { clientFraming, clientHead } from './response-head.ts'
import type { ResponseHead } from './response-parser.ts'
import type { Slab } from './slab.ts'
import { Upload, type UploadEvents, type UploadRequest, type UploadSettings } from './upload.ts'
import { type AnswerWatch, WatchedAnswer } from './watched-answer.ts'

export interface ForwardRequest extends ConnectJob, Pick<UploadRequest, 'peeked'> {
  readonly req: ClientRequest
  readonly res: ClientAnswer
  /** The request head for the server, ready to write. */
  readonly head: string
  readonly framing: 'none' | 'length' | 'chunked'
  readonly expectsContinue: boolean
  /** The request carries credentials that belong to the connection. */
  readonly pins: boolean
  readonly rewriteLocation: ((value: string, server: Server) => string) | undefined
  /** Server, X-Powered-By and X-MS-Server-Fqdn are not shown to the client. */
  readonly hidesServer: boolean
  readonly settings: ForwardSettings & ConnectSettings & UploadSettings
  /** Sees the answer, and may hold it back; undefined: nobody does. */
  readonly watch: AnswerWatch | undefined
  /** True when the client connection must close after this answer, whatever the server says. */
  readonly closes: () => boolean
}

export interface ForwardSettings {
  readonly timeouts: { readonly responseMs: number }
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

/** Runs the exchange. `done` is called exactly once, unless `abandon` is called before. */
export class Forwarding implements BackendUser, UploadEvents {
  readonly #request: ForwardRequest
  readonly #done: (result: ForwardResult) => void
  readonly #upload: Upload
  readonly #download: Download
  #connection: BackendConnection | undefined
  #giveUpConnecting: (() => void) | undefined
  #watched: WatchedAnswer | undefined
  #mustClose = false
  #isOver = false

  constructor(request: ForwardRequest, done: (result: ForwardResult) => void) {
    this.#request = request
    this.#done = done
    this.#upload = new Upload(request, this)
    this.#download = new Download(request.res, request.report, request.onFault)
  }

  /** The client has had the server's whole answer. */
  get isAnswered(): boolean {
    return this.#download.isComplete
  }

  /** Bytes of the body so far, while it is the client's turn to send; undefined: it is not. */
  get uploaded(): number | undefined {
    return this.hasSent && this.#upload.isClientsTurn
      ? this.#request.report.requestBytes
      : undefined
  }

  /** The request, or a part of it, has been written to a server. */
  get hasSent(): boolean {
    return this.#connection !== undefined
  }

  /** 1. A connection: pinned, open, or new. Until it stands not one byte is written, so another server may be tried. */
  start(): void {
    this.#giveUpConnecting = obtainConnection(this.#request, (result) => {
      if (this.#isOver) return
      if (typeof result === 'string') this.#fail(result)
      else this.#send(result)
    })
  }

  /** 2. The head, and the body as it comes. */
  #send(connection: BackendConnection): void {
    const { req, head, pool, pins, connections, report, settings, watch, now } = this.#request
    this.#connection = connection
    if (pins && !connection.isPinned) connections.pin(pool.name, connection)
    report.pinned = connection.isPinned
    if (watch) this.#watched = new WatchedAnswer(this, watch, connection.socket)
    const user = this.#watched ?? this
    connection.begin(user, req.method ?? 'GET', settings.timeouts.responseMs, now)
    report.trace?.onSent(head, this.#upload.isComplete)
    this.#upload.start(connection.socket, head)
  }

  onDrain(): void {
    this.#upload.resume()
  }

  /** 3. The answer: information, head, body, end. */
  onInformation(head: ResponseHead): void {
    if (head.status === 100) this.#upload.onContinue()
    // HTTP/1.0 knows no 1xx (RFC 9110 15.2).
    if (this.#request.req.httpVersionMinor > 0) this.#download.inform(head)
  }

  onHead(head: ResponseHead): void {
    const { req, report, now } = this.#request
    const connection = this.#connection as BackendConnection
    const isHttp11 = req.httpVersionMinor === 1
    const framing = clientFraming(head, isHttp11)
    const fields = this.#clientFields(head, connection)
    report.trace?.onServerHead(head)
    noteAnswer(this.#request, connection.server)
    report.firstByteAtMs = now()
    report.status = head.status
    // The end of a pinned connection is the end of the client connection: its identity must not outlive it. A server
    // that closes before it has the whole request will not take the rest, and the client is to hear of it.
    if (!head.keepsAlive && (connection.isPinned || !this.#upload.isComplete))
      this.#mustClose = true
    if (framing === 'close') this.#mustClose = true
    if (framing === 'chunked') fields.push('Transfer-Encoding', 'chunked')
    if (this.#closesAfter()) fields.push('Connection', 'close')
    else if (!isHttp11) fields.push('Connection', 'keep-alive')
    report.trace?.onClientHead({ ...head, fields })
    this.#download.begin({ ...head, fields, framing }, connection.socket)
  }

  /** The server's fields, the affinity cookie, and the pin that a 401 with an offer of NTLM or Negotiate makes. */
  #clientFields(head: ResponseHead, connection: BackendConnection): string[] {
    const { pool, connections, report, rewriteLocation } = this.#request
    const { server } = connection
    const { fields, offersConnectionAuth, diagnostics } = clientHead(head, {
      ownsAffinity: pool.affinity === 'cookie',
      affinityOf: this.#needsCookie(server) ? server : undefined,
      rewriteLocation: rewriteLocation && ((value) => rewriteLocation(value, server)),
      hidesServer: this.#request.hidesServer,
    })
    report.diagnostics = diagnostics
    if (offersConnectionAuth && !connection.isPinned) connections.pin(pool.name, connection)
    report.pinned = connection.isPinned
    return fields
  }

  #needsCookie(server: Server): boolean {
    const { pool, hints, report } = this.#request
    if (pool.affinity !== 'cookie' || hints.affinityKey === server.affinityKey) return false
    // Looked up, because a pin may be older than the configuration that drains its server.
    const known = pool.byAffinityKey.get(server.affinityKey)
    if (known && isDraining(known)) return false
    if (report.source !== 'pin' || hints.affinityKey === undefined) return true
    // A pinned connection keeps its server against a cookie that names another one; then the cookie is left as it is.
    return !pool.byAffinityKey.has(hints.affinityKey)
  }

  onBody(bytes: Buffer, slab?: Slab): void {
    this.#download.write(bytes, slab)
  }

  onReadEnd(): void {
    this.#download.endRead()
  }

  onComplete(trailers: readonly string[]): void {
    const connection = this.#connection as BackendConnection
    this.#download.complete(trailers)
    if (this.#upload.isComplete) {
      this.#download.end()
      return this.#settle()
    }
    // The answer came before the end of the request. As long as both sides keep their connection, the body is passed
    // on to its end, so that the connection (and who is signed in on it) survives.
    if (connection.isOpen && !this.#closesAfter()) this.#download.end()
    else this.#dropUpload()
  }

  onUploaded(): void {
    this.#request.report.trace?.onUploaded()
    this.#connection?.noteLife()
    if (this.#download.isComplete) this.#settle()
  }

  /** 4. Ends. Both directions are done. */
  #settle(): void {
    if (this.#isOver) return
    const connection = this.#connection as BackendConnection
    this.#finish()
    connection.release()
    this.#request.connections.keep(connection)
    const hasLostPin = connection.isPinned && !connection.isOpen
    this.#done({ kind: 'done', closes: this.#closesAfter() || hasLostPin })
  }

  /** Nobody will read the rest of the request: it is thrown away for a while, so that the answer is not lost to a reset. */
  #dropUpload(): void {
    const { req } = this.#request
    this.#mustClose = true
    this.#upload.stop()
    this.#download.flush()
    this.#connection?.destroy()
    const end = (): void => {
      if (this.#isOver) return
      this.#download.end()
      this.#settle()
    }
    if (this.#upload.awaitsContinue) end()
    else endAfterRequest(req, this.#request.onFault, end)
  }

  /** The client has gone: the back-end request ends at once, so that the server does not work for nobody. */
  abandon(): void {
    if (this.#isOver) return
    this.#finish()
    this.#giveUpConnecting?.()
    this.#connection?.destroy()
  }

  onConnectionLost(reason: string): void {
    if (this.#download.isComplete) return this.#dropUpload()
    this.#request.report.reason = reason
    if (this.#download.hasHead) return this.#fail('backend-broke-off')
    // A server may break off a request that it does not want; only the rest is a sign of trouble.
    if (this.#upload.isComplete && this.#connection?.requestCount === 1) this.#noteSilence(reason)
    this.#fail('backend-closed-early')
  }

  onMalformed(what: string): void {
    this.#request.report.reason = what
    this.#fail(this.#download.hasHead ? 'backend-broke-off' : 'backend-answer-malformed')
  }

  onSilence(): void {
    if (this.#upload.isClientsTurn) return this.#connection?.noteLife()
    if (this.#download.hasHead) return this.#fail('backend-stalled')
    this.#noteSilence('response time-out')
    this.#fail('backend-response-timeout')
  }

  /** The server had the whole request and gave no answer. */
  #noteSilence(reason: string): void {
    const server = this.#connection?.server
    const startedAtMs = this.#request.hints.nowMs
    if (server) noteFailure(this.#request, server, { kind: 'answer', startedAtMs, reason })
  }

  onFault(error: unknown): void {
    this.#request.onFault(error)
  }

  onUploadFailed(code: FailureCode): void {
    this.#mustClose = true
    this.#fail(code)
  }

  #fail(code: FailureCode): void {
    if (this.#isOver) return
    const { connections, pool } = this.#request
    const connection = this.#connection
    this.#download.flush()
    this.#finish()
    if (connection) {
      connection.destroy()
      connections.remove(connection)
    }
    // A lost pin, and a request that is not read to its end, both end the client connection.
    const closes =
      this.#mustClose || connections.pinOf(pool.name) !== undefined || !this.#upload.isComplete
    this.#done({ kind: 'failed', code, answered: this.#download.hasHead, closes })
  }

  #closesAfter(): boolean {
    return this.#mustClose || this.#request.closes()
  }

  #finish(): void {
    this.#isOver = true
    this.#upload.stop()
    this.#download.stop()
    this.#watched?.stop()
  }
}
