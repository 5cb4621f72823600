/** The body of a request on its way to the server: read as fast as the server takes it, counted, and framed anew. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FailureCode } from '../base/failure.ts'
import { mayBeTrailer } from './fields.ts'
import type { ForwardReport } from './forward-report.ts'

export interface UploadRequest {
  readonly req: IncomingMessage
  readonly framing: 'none' | 'length' | 'chunked'
  readonly report: ForwardReport
  readonly settings: UploadSettings
}

export interface UploadSettings {
  readonly timeouts: { readonly requestBodyMs: number }
  readonly limits: { readonly bodyBytes: number }
}

/** How the upload ended; at most one is called, and none after `stop`. */
export interface UploadEvents {
  onUploaded(): void
  onUploadFailed(code: FailureCode): void
  /** A bug: something threw on the way of an event. May be called besides, and more than once. */
  onFault(error: unknown): void
}

export class Upload {
  readonly #request: UploadRequest
  readonly #events: UploadEvents
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #isComplete: boolean
  /** The server does not take more at the moment. */
  #isPaused = false
  /** The client waits for `100 Continue` before it sends a byte (RFC 9110 10.1.1). */
  #awaitsContinue: boolean

  constructor(request: UploadRequest, events: UploadEvents) {
    const { req, framing } = request
    this.#request = request
    this.#events = events
    this.#isComplete = framing === 'none'
    this.#awaitsContinue = req.headers.expect !== undefined && req.httpVersionMinor > 0
  }

  /** The whole request has been read and written. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** It is the client's turn: nobody can blame the server for its silence. */
  get isClientsTurn(): boolean {
    return !this.#isComplete && !this.#isPaused && !this.#awaitsContinue
  }

  /** Nothing of the body is on its way: the client sends it after a 100 only. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue
  }

  start(socket: Socket): void {
    const { req, settings } = this.#request
    if (this.#isComplete) return
    this.#socket = socket
    this.#timer = setTimeout(this.#onTimeout, settings.timeouts.requestBodyMs)
    req.on('data', this.#onData)
    req.on('end', this.#onEnd)
  }

  /** The server takes more. */
  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#timer?.refresh()
    this.#request.req.resume()
  }

  /** The server has said `100 Continue`. */
  onContinue(): void {
    this.#awaitsContinue = false
    this.#timer?.refresh()
  }

  /** Reads no more; what comes is somebody else's business. */
  stop(): void {
    const { req } = this.#request
    clearTimeout(this.#timer)
    req.off('data', this.#onData)
    req.off('end', this.#onEnd)
  }

  // Written out and not `guarded`: these are made for each request.
  readonly #onData = (bytes: Buffer): void => {
    try {
      this.#pass(bytes)
    } catch (error) {
      this.#events.onFault(error)
    }
  }

  readonly #onEnd = (): void => {
    try {
      this.#end()
    } catch (error) {
      this.#events.onFault(error)
    }
  }

  readonly #onTimeout = (): void => {
    try {
      // Waiting for the server is the response time-out's business.
      if (this.isClientsTurn) this.#fail('client-body-timeout')
      else this.#timer?.refresh()
    } catch (error) {
      this.#events.onFault(error)
    }
  }

  #pass(bytes: Buffer): void {
    const { req, framing, report, settings } = this.#request
    const socket = this.#socket
    if (!socket) return
    report.requestBytes += bytes.length
    this.#awaitsContinue = false
    this.#timer?.refresh()
    // Before it is written: nothing beyond the limit reaches the server.
    if (report.requestBytes > settings.limits.bodyBytes) return this.#fail('client-body-too-large')
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
    this.#isPaused = true
    req.pause()
  }

  #end(): void {
    const { req, framing } = this.#request
    this.stop()
    this.#isComplete = true
    if (framing === 'chunked') this.#socket?.write(lastChunk(req.rawTrailers), 'latin1')
    this.#events.onUploaded()
  }

  #fail(code: FailureCode): void {
    this.stop()
    this.#events.onUploadFailed(code)
  }
}

function lastChunk(rawTrailers: readonly string[]): string {
  let text = '0\r\n'
  for (let i = 0; i + 1 < rawTrailers.length; i += 2) {
    if (mayBeTrailer(rawTrailers[i] as string))
      text += `${rawTrailers[i]}: ${rawTrailers[i + 1]}\r\n`
  }
  return `${text}\r\n`
}
