/** The body of a request on its way to the server: read as fast as the server takes it, counted, and framed anew. */
import type { Socket } from 'node:net'
import type { FailureCode } from '../base/failure.ts'
import type { ClientRequest, OnWritten, TakeBody } from './client-message.ts'
import { corkForTurn } from './cork-for-turn.ts'
import { mayBeTrailer } from './fields.ts'
import type { ForwardReport } from './forward-report.ts'
import { guarded } from './guarded.ts'
import { MOST_UNWRITTEN, Slab } from './slab.ts'
import { WaitingBytes } from './waiting-bytes.ts'

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

/** Below this a piece is written by itself. */
const COPY_BYTES = 8 * 1024

/** A longer head leaves by itself. */
const MOST_HEAD_BYTES = 16 * 1024

export class Upload {
  readonly #request: UploadRequest
  readonly #events: UploadEvents
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  /** Undefined where there is no body, as with most requests. */
  #stopReading: (() => void) | undefined
  /** The rest of the body comes in slabs. */
  #leaveSlabs: (() => void) | undefined
  #isComplete: boolean
  /** The server does not take more at the moment. */
  #isPaused = false
  /** Made when there is a body. */
  #waiting: WaitingBytes | undefined
  /** Where pieces are copied to in this turn of the loop. */
  #slab: Slab | undefined
  #turn: NodeJS.Immediate | undefined
  #onTurnEnd: () => void = () => {}
  #onPiece: TakeBody = () => {}
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

  /** @param head of the request, to go ahead of the body */
  start(socket: Socket, head: string): void {
    const { req, settings, framing } = this.#request
    if (this.#isComplete) {
      corkForTurn(socket)
      return void socket.write(head, 'latin1')
    }
    this.#socket = socket
    const onFault = (error: unknown): void => this.#events.onFault(error)
    const onData = guarded(onFault, (bytes: Buffer) => {
      this.#pass(bytes)
      if (bytes.length < COPY_BYTES) return
      discard(bytes)
      // Nobody has to copy what follows.
      if (!this.#isPaused) this.#leaveSlabs ??= req.readInSlabs?.(this.#onPiece)
    })
    const onEnd = guarded(onFault, () => this.#end())
    const onTimeout = guarded(onFault, () => this.#onTimeout())
    const timer = setTimeout(onTimeout, settings.timeouts.requestBodyMs)
    this.#timer = timer
    // Both come in a later turn; what was looked at before goes first.
    req.on('data', onData)
    req.on('end', onEnd)
    this.#onTurnEnd = guarded(onFault, () => this.#writeWaiting())
    this.#onPiece = guarded(onFault, (bytes: Buffer, slab: Slab | undefined) =>
      this.#pass(slab ? bytes : Buffer.from(bytes), slab),
    )
    this.#stopReading = () => {
      clearTimeout(timer)
      clearImmediate(this.#turn)
      this.#leaveSlabs?.()
      req.off('data', onData)
      req.off('end', onEnd)
    }
    // A body that is there already leaves with the head.
    if (framing === 'length' && head.length <= MOST_HEAD_BYTES) this.#collectHead(head)
    else socket.write(head, 'latin1')
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

  #pass(bytes: Buffer, slab?: Slab): void {
    const { report, settings } = this.#request
    if (!this.#socket) return
    report.requestBytes += bytes.length
    report.trace?.onRequestBody(bytes)
    this.#awaitsContinue = false
    // Before it is written: nothing beyond the limit reaches the server.
    if (report.requestBytes > settings.limits.bodyBytes) return this.#fail('client-body-too-large')
    if (slab) this.#wait(bytes, slab)
    else if (bytes.length < COPY_BYTES && !this.#waiting?.bytes) this.#write(bytes)
    else this.#collect(bytes)
  }

  #collectHead(head: string): void {
    this.#slab = Slab.take()
    this.#slab.hold()
    this.#wait(this.#slab.addText(head), this.#slab)
  }

  /** Pieces of a large body leave together: each write costs as much as some kilobytes do. */
  #collect(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      this.#slab ??= Slab.take()
      const slab = this.#slab
      const copy = slab.add(bytes, at)
      at += copy.length
      slab.hold()
      this.#wait(copy, slab)
      if (slab.room === 0) this.#writeWaiting()
    }
  }

  #wait(bytes: Buffer, slab: Slab): void {
    this.#waiting ??= new WaitingBytes()
    if (!this.#waiting.extend(bytes, slab)) {
      this.#writeWaiting()
      this.#waiting.begin(bytes, slab)
    }
    this.#turn ??= setImmediate(this.#onTurnEnd)
  }

  #writeWaiting(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    this.#slab?.letGo()
    this.#slab = undefined
    const { bytes, slab } = this.#waiting ?? {}
    if (!bytes) return
    this.#waiting?.clear()
    this.#write(bytes, slab?.onWritten)
  }

  #write(bytes: Buffer, onWritten?: OnWritten): void {
    const { req, framing } = this.#request
    const socket = this.#socket as Socket
    // Here rather than for each piece: those of one turn of the loop came at one time.
    this.#timer?.refresh()
    if (framing === 'chunked') {
      socket.cork()
      socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
      socket.write(bytes, onWritten)
      socket.write('\r\n', 'latin1')
      socket.uncork()
    } else {
      socket.write(bytes, onWritten)
    }
    if (this.#isComplete || socket.writableLength < MOST_UNWRITTEN) return
    this.#isPaused = true
    req.pause()
  }

  #end(): void {
    const { req, framing } = this.#request
    this.#isComplete = true
    this.#writeWaiting()
    this.stop()
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

/**
 * Gives memory back that has been copied. Node makes a buffer for each piece, and V8 would collect the whole heap after
 * each 64 MB of them.
 */
function discard({ buffer, length }: Buffer): void {
  if (buffer.byteLength === length && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

function lastChunk(rawTrailers: readonly string[]): string {
  let text = '0\r\n'
  for (let i = 0; i + 1 < rawTrailers.length; i += 2) {
    if (mayBeTrailer(rawTrailers[i] as string))
      text += `${rawTrailers[i]}: ${rawTrailers[i + 1]}\r\n`
  }
  return `${text}\r\n`
}
