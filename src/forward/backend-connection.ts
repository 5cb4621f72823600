/**
 * One connection to one server, owned by one client connection for its whole life. Never pooled, never handed on:
 * connection-bound authentication (NTLM, Negotiate) makes a connection somebody's (RFC 4559 6).
 */
import type { Socket } from 'node:net'
import type { Server } from '../pools/server.ts'
import { bytesSent } from './bytes-sent.ts'
import { ResponseParser, type ResponseSink } from './response-parser.ts'
import type { Slab } from './slab.ts'
import type { SlabReader } from './slab-reader.ts'

/** Whoever waits for an answer on the connection. */
export interface BackendUser extends ResponseSink {
  /** Bytes in a slab are the user's until it lets go of them. */
  onBody(bytes: Buffer, slab?: Slab): void
  /** The connection ended or broke before the answer was complete. */
  onConnectionLost(reason: string): void
  /** No byte was read for the response time-out, nor has the server taken any of what waits for it. */
  onSilence(): void
  /** The server can take more of the request body. */
  onDrain(): void
  /** All that one read brought has been handed over. */
  onReadEnd(): void
  /** A bug: something threw on the way of an event. The connection is ended. */
  onFault(error: unknown): void
}

export class BackendConnection implements ResponseSink {
  readonly server: Server
  readonly isTls: boolean
  /** Called once when the connection ends while nobody waits for an answer on it. */
  onIdleEnd: (() => void) | undefined
  readonly socket: Socket
  readonly #reader: SlabReader
  readonly #parser: ResponseParser
  /** Where the bytes in hand are; undefined: they are overwritten by the next read. */
  #slab: Slab | undefined
  #user: BackendUser | undefined
  #responseMs = 0
  #now: () => number = () => 0
  /** Runs on between requests, where nobody listens. Node's own time-out is set anew by each read and write. */
  #timer: NodeJS.Timeout | undefined
  /** Monotonic milliseconds of the last sign of life. */
  #aliveAtMs = 0
  /** What the server had taken when that was last looked at. */
  #sentBytes = 0
  #requestCount = 0
  #isOpen = true
  #isPinned = false
  #hasEnded = false
  /** The server closes after this answer. */
  #isLast = false
  /** The trailers of an answer that is complete and not yet handed over. */
  #completed: readonly string[] | undefined

  constructor(socket: Socket, reader: SlabReader, server: Server, isTls: boolean) {
    this.socket = socket
    this.#reader = reader
    this.server = server
    this.isTls = isTls
    this.#parser = new ResponseParser(this)
    reader.take = this.#onData
    // Nothing comes as data; without this its end would not come either.
    socket.resume()
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    socket.on('drain', this.#onDrain)
  }

  /** False once a byte more may neither be sent nor expected. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  get isBusy(): boolean {
    return this.#user !== undefined
  }

  /** True from the first sign of connection-bound authentication until the end. */
  get isPinned(): boolean {
    return this.#isPinned
  }

  /** Somebody signs in on it. */
  pin(): void {
    if (this.#isPinned) return
    this.#isPinned = true
    if (this.socket.closed) return
    const { facts } = this.server
    facts.pinned++
    this.socket.once('close', () => {
      facts.pinned--
    })
  }

  /** Requests it has carried. From the second on, an end may be a race with the server's idle time-out. */
  get requestCount(): number {
    return this.#requestCount
  }

  /**
   * Takes the connection for one request. The answer goes to `user` until `release`.
   * @param now monotonic milliseconds
   */
  begin(user: BackendUser, method: string, responseMs: number, now: () => number): void {
    this.#user = user
    this.#requestCount++
    this.server.facts.inFlight++
    this.#parser.expect(method)
    if (responseMs !== this.#responseMs) this.#stopTimer()
    this.#responseMs = responseMs
    this.#now = now
    this.noteLife()
  }

  /** The response time-out begins anew: the request has been sent, or the user waits on after `onSilence`. */
  noteLife(): void {
    if (!this.#user) return
    this.#aliveAtMs = this.#now()
    this.#timer ??= setTimeout(this.#onTimer, this.#responseMs).unref()
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #onTimer = this.#guarded((): void => {
    this.#timer = undefined
    if (!this.#user) return
    const restMs = this.#aliveAtMs + this.#responseMs - this.#now()
    if (restMs > 0) this.#timer = setTimeout(this.#onTimer, Math.ceil(restMs)).unref()
    else if (this.#hasSentMore()) this.noteLife()
    else this.#user.onSilence()
  })

  /** Since it was last asked. When there is nothing left to write, the last sign of life says all. */
  #hasSentMore(): boolean {
    if (this.socket.writableLength === 0) return false
    const before = this.#sentBytes
    this.#sentBytes = bytesSent(this.socket)
    return this.#sentBytes !== before
  }

  /** The exchange is over and the connection may carry another one. */
  release(): void {
    if (!this.#user) return
    this.#user = undefined
    this.server.facts.inFlight--
    if (!this.#isOpen || !this.#parser.isIdle) this.destroy()
    else if (this.socket.isPaused()) this.socket.resume()
  }

  /** Ends the connection now; whoever waits is not told. */
  destroy(): void {
    if (this.#user) {
      this.#user = undefined
      this.server.facts.inFlight--
    }
    this.#isOpen = false
    this.#stopTimer()
    this.socket.destroy()
  }

  /** Gives the bare socket away, for a tunnel; this object is done with it. */
  detach(): Socket {
    const { socket } = this
    this.#isOpen = false
    this.#reader.giveTo(socket)
    socket.off('end', this.#onEnd)
    socket.off('close', this.#onClose)
    socket.off('drain', this.#onDrain)
    // The error listener stays: an unheard 'error' would end the process.
    this.#stopTimer()
    socket.pause()
    return socket
  }

  /** What a listener throws ends the connection and the exchange that was on it when the event came. */
  #guarded<Value>(listener: (value: Value) => void): (value: Value) => void {
    return (value) => {
      const user = this.#user
      try {
        listener(value)
      } catch (error) {
        this.#onFault(error, user)
      }
    }
  }

  #onFault(error: unknown, user: BackendUser | undefined): void {
    try {
      this.destroy()
    } finally {
      user?.onFault(error)
    }
    // Between two exchanges nobody waits: it is a fault of the process.
    if (!user) throw error
  }

  /** As `#guarded`, for the event that comes most often. */
  readonly #onData = (bytes: Buffer, slab: Slab | undefined): boolean => {
    const user = this.#user
    this.#slab = slab
    try {
      this.#read(bytes)
      this.noteLife()
    } catch (error) {
      this.#onFault(error, user)
    }
    this.#slab = undefined
    return this.#user !== undefined
  }

  #read(bytes: Buffer): void {
    const surplus = this.#parser.execute(bytes)
    if (!this.#isOpen) return
    // Bytes that answer no request could be taken for the next answer: the connection is spent (RFC 9112 9.2).
    if (surplus > 0 && !this.#completed) return this.#lose('bytes arrived that belong to no answer')
    if (surplus > 0) this.#isLast = true
    if (this.#completed) this.#handOver(this.#completed)
    else this.#user?.onReadEnd()
  }

  readonly #onEnd = this.#guarded((): void => {
    this.#hasEnded = true
    if (this.#parser.finish() && this.#completed) {
      this.#isLast = true
      return this.#handOver(this.#completed)
    }
    this.#lose('the server closed the connection')
  })

  readonly #onError = this.#guarded((error: NodeJS.ErrnoException): void => {
    this.#lose(error.code ?? error.message)
  })

  readonly #onClose = this.#guarded((): void => {
    this.#lose(this.#hasEnded ? 'the server closed the connection' : 'the connection broke')
  })

  readonly #onDrain = this.#guarded((): void => {
    this.noteLife()
    this.#user?.onDrain()
  })

  #lose(reason: string): void {
    if (!this.#isOpen) return
    const user = this.#user
    this.destroy()
    if (!user) return this.onIdleEnd?.()
    try {
      user.onConnectionLost(reason)
    } catch (error) {
      // It has been let go of already.
      user.onFault(error)
    }
  }

  onInformation(head: Parameters<ResponseSink['onInformation']>[0]): void {
    this.#user?.onInformation(head)
  }

  onHead(head: Parameters<ResponseSink['onHead']>[0]): void {
    if (!head.keepsAlive) this.#isLast = true
    this.#user?.onHead(head)
  }

  onBody(bytes: Buffer): void {
    const slab = this.#slab
    if (!slab) return this.#user?.onBody(Buffer.from(bytes))
    slab.hold()
    this.#user?.onBody(bytes, slab)
  }

  /** Only noted: the user may start the next request at once, and bytes of this read must not become its answer. */
  onComplete(trailers: readonly string[]): void {
    this.#completed = trailers
  }

  #handOver(trailers: readonly string[]): void {
    this.#completed = undefined
    if (this.#isLast) this.#isOpen = false
    this.#user?.onComplete(trailers)
  }

  onMalformed(what: string): void {
    const user = this.#user
    this.destroy()
    try {
      user?.onMalformed(what)
    } catch (error) {
      user?.onFault(error)
    }
  }
}
