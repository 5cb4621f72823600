/** The body of a request on its way to the server: read as fast as the server takes it, counted, and framed anew. */
import type { Socket } from 'node:net'
import type { FailureCode } from '../base/failure.ts'
import type { ClientRequest } from './client-message.ts'
import { mayBeTrailer } from './fields.ts'
import type { ForwardReport } from './forward-report.ts'
import { guarded } from './guarded.ts'

export interface UploadRequest {
  readonly req: ClientRequest
  readonly framing: 'none' | 'length' | 'chunked'
  /** The client sends its body only after a `100 Continue` (RFC 9110 10.1.1). */
  readonly expectsContinue: boolean
  readonly report: ForwardReport
  readonly settings: UploadSettings
  /** What was read of the body before; undefined: nothing. */
  readonly peeked?: { readonly bytes: Buffer; readonly isWhole: boolean } | undefined
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
  /** Undefined where there is no body, as with most requests. */
  #stopReading: (() => void) | undefined
  #isComplete: boolean
  /** The server does not take more at the moment. */
  #isPaused = false
  /** The client waits for `100 Continue` before it sends a byte. */
  #awaitsContinue: boolean

  constructor(request: UploadRequest, events: UploadEvents) {
    this.#request = request
    this.#events = events
    this.#isComplete = request.framing === 'none'
    this.#awaitsContinue = request.expectsContinue
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
    const onFault = (error: unknown): void => this.#events.onFault(error)
    const onData = guarded(onFault, (bytes: Buffer) => this.#pass(bytes))
    const onEnd = guarded(onFault, () => this.#end())
    const onTimeout = guarded(onFault, () => this.#onTimeout())
    const timer = setTimeout(onTimeout, settings.timeouts.requestBodyMs)
    this.#timer = timer
    // Both come in a later turn; what was looked at before goes first.
    req.on('data', onData)
    req.on('end', onEnd)
    this.#stopReading = () => {
      clearTimeout(timer)
      req.off('data', onData)
      req.off('end', onEnd)
    }
    const { peeked } = this.#request
    if (peeked && peeked.bytes.length > 0) this.#pass(peeked.bytes)
    if (peeked?.isWhole) this.#end()
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
    // A cleared timer that is refreshed would run again.
    this.#timer = undefined
    this.#stopReading?.()
  }

  #pass(bytes: Buffer): void {
    const { req, framing, report, settings } = this.#request
    const socket = this.#socket
    if (!socket) return
    report.requestBytes += bytes.length
    report.trace?.onRequestBody(bytes)
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

  #onTimeout(): void {
    // Waiting for the server is the response time-out's business.
    if (this.isClientsTurn) this.#fail('client-body-timeout')
    else this.#timer?.refresh()
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
