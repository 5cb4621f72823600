/**
 * One client connection: its exchanges one after another, its back-end connections, its end.
 *
 * Everything that belongs to a client hangs here and dies with its socket. That is the whole of promise 1: a back-end
 * connection can be reached through this object only.
 */
import type { Socket } from 'node:net'
import type { FailureCode } from '../base/failure.ts'
import { BackendConnections } from '../forward/backend-connections.ts'
import { breakOff } from '../forward/break-off.ts'
import { bytesSent } from '../forward/bytes-sent.ts'
import type { ClientRequest } from '../forward/client-message.ts'
import { uncorkNow } from '../forward/cork-for-turn.ts'
import { Pace, type PaceSettings } from '../guard/pace.ts'
import { HostReader } from '../routing/host.ts'
import type { Arrival } from './arrival.ts'
import { type Exchange, type Incoming, monotonicNow } from './exchange.ts'
import { RequestsAhead } from './requests-ahead.ts'

/** What runs on the connection at the moment. */
export interface RunningExchange {
  readonly exchange: Exchange
  /** The client has gone. */
  onClientGone(): void
  /** Bytes of the body so far, while it is the client's turn to send; undefined: it is not. */
  readonly uploaded: number | undefined
  /** The body of its request cannot be read to the end. */
  onBodyBroken(code: FailureCode): void
  /** The client takes next to nothing of the answer. */
  onClientStuck(): void
  /** The time to finish is over: the proxy ends. */
  onStopping(): void
  /** A bug on the way of an event of the connection. Never throws. */
  onFault(error: unknown): void
}

/** How fast a client has to be, and how long it may ask nothing. */
export interface ClientPaces {
  readonly sending: PaceSettings
  readonly reading: PaceSettings
  /** Between two requests. */
  readonly idleMs: number
}

/**
 * How long an idle connection waits for one more request when the proxy leaves. To end it at once would lose a request
 * that is on its way (RFC 9112 9.5, 9.6): its client cannot know whether it was served.
 */
const FAREWELL_MS = 3_000

/** How long a client may take to close its side after we closed ours. */
const CLOSE_GRACE_MS = 2_000

export class ClientConnection {
  readonly socket: Socket
  readonly arrival: Arrival
  readonly backends: BackendConnections
  readonly hosts = new HostReader()
  /** Called before the connection is cut because its client sends more requests ahead than any client does. */
  onTooManyAhead: () => void = () => {}
  /** The X-Forwarded-For value of the first request, when a trusted proxy stands before us. */
  firstForwardedFor: string | undefined
  /** The request that the server has just answered with a challenge of NTLM. */
  challengedFor: string | undefined
  /** Somebody has signed in on it. */
  isSignedIn = false
  /** A trusted proxy sends several clients through this connection: nobody may sign in on it. */
  isShared = false
  readonly #serve: (incoming: Incoming, connection: ClientConnection) => void
  readonly #ahead = new RequestsAhead()
  #running: RunningExchange | undefined
  /** An answer to bytes that are no request; it follows the answers to those that were. */
  #farewell = ''
  /** The request of what runs, or ran last. */
  #request: ClientRequest | undefined
  #isBusy = false
  #isGone = false
  #isClosing = false
  #isLeaving = false
  /** Monotonic milliseconds of the end of the last exchange; undefined: there was none yet. */
  #servedAtMs: number | undefined
  #quietSinceMs = Number.NEGATIVE_INFINITY
  #bytesBeforeQuiet = 0
  readonly #sending = new Pace()
  readonly #reading = new Pace()
  /** Those that were no request: a PROXY header. */
  readonly #bytesBefore: number

  constructor(
    socket: Socket,
    arrival: Arrival,
    serve: (incoming: Incoming, connection: ClientConnection) => void,
  ) {
    this.socket = socket
    this.arrival = arrival
    this.#serve = serve
    this.#bytesBefore = socket.bytesRead - socket.readableLength
    this.backends = new BackendConnections(() => this.closeWhenIdle())
    socket.on('end', this.#onGone)
    socket.on('close', this.#onGone)
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  /** What runs at the moment. */
  get exchange(): Exchange | undefined {
    return this.#running?.exchange
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Not a byte has come from the client. */
  get isSilent(): boolean {
    return this.socket.bytesRead === this.#bytesBefore
  }

  /** True when nothing follows the answer in progress: it says `Connection: close`. */
  get isClosing(): boolean {
    return this.#isClosing && this.#farewell === ''
  }

  /** Monotonic milliseconds of the end of the last exchange; undefined: it has come to nothing yet. */
  get servedAtMs(): number | undefined {
    return this.#servedAtMs
  }

  /** Nothing runs, nothing waits to be written, and it may be used again. */
  get isIdle(): boolean {
    return !this.#isBusy && !this.#isClosing && this.socket.writableLength === 0
  }

  /**
   * Looks whether the client keeps up with what it sends and takes, and asks at all; to be called once in a while.
   * @returns false: it takes nothing of an answer that is over for us, and the connection was cut
   */
  checkPace(nowMs: number, paces: ClientPaces): boolean {
    if (!this.#sending.isKept(this.#running?.uploaded, nowMs, paces.sending))
      this.#running?.onBodyBroken('client-body-timeout')
    const { socket } = this
    const taken = socket.writableLength > 0 ? bytesSent(socket) : undefined
    if (this.#reading.isKept(taken, nowMs, paces.reading)) {
      if (this.isIdle && this.#isQuiet(nowMs, paces.idleMs)) this.closeWhenIdle()
      return true
    }
    if (this.#running) {
      this.#running.onClientStuck()
      return true
    }
    socket.destroy()
    return false
  }

  /** Nothing has come for so long. A part of a head is something; how long that may take is Node's server's business. */
  #isQuiet(nowMs: number, idleMs: number): boolean {
    const servedAtMs = this.#servedAtMs
    if (servedAtMs === undefined) return false
    const isFirstLook = this.#quietSinceMs < servedAtMs
    if (!isFirstLook && nowMs - this.#quietSinceMs <= idleMs) return false
    const { bytesRead } = this.socket
    if (!isFirstLook && bytesRead === this.#bytesBeforeQuiet) return true
    this.#bytesBeforeQuiet = bytesRead
    this.#quietSinceMs = isFirstLook ? servedAtMs : nowMs
    return false
  }

  /** A request has arrived. One at a time: the next one starts when this one is over. */
  accept(incoming: Incoming): void {
    if (this.#isGone || this.#isClosing) return
    if (this.#isLeaving) this.#isClosing = true
    if (!this.#isBusy) return this.#begin(incoming)
    if (this.#ahead.add(incoming)) return
    this.onTooManyAhead()
    // More of them are in the bytes that were read already.
    this.#isClosing = true
    uncorkNow(this.socket)
    this.socket.destroy()
  }

  /** The running exchange wants to hear when the client goes. */
  run(exchange: RunningExchange): void {
    this.#running = exchange
    if (this.#isGone) exchange.onClientGone()
  }

  /** The socket is about to become a tunnel. False: something else is still running on it. */
  beginUpgrade(): boolean {
    if (this.#isBusy || this.#isGone || this.#isClosing) return false
    this.#isBusy = true
    return true
  }

  /** The running exchange is over; `closes` says that its answer was the last one. */
  done(closes: boolean): void {
    this.#running = undefined
    this.#isBusy = false
    this.#servedAtMs = monotonicNow()
    if (closes) {
      this.#isClosing = true
      // Nothing may follow an answer that said `Connection: close` (RFC 9112 9.6).
      this.#farewell = ''
    }
    if (this.#isGone) return
    if (this.#isClosing) return this.closeWhenIdle()
    const next = this.#ahead.next()
    if (next) this.#begin(next)
  }

  /**
   * Node's parser gave up on what the client sends. Within a body that breaks the running exchange; behind a complete
   * request the running exchange still gets its answer, and `farewell` follows it.
   */
  onParseError(code: FailureCode, farewell: string): void {
    this.#ahead.clear()
    this.#farewell = farewell
    const { isBusy } = this
    if (isBusy && this.#request?.complete === false)
      this.#tell((running) => running.onBodyBroken(code))
    else this.closeWhenIdle()
  }

  /**
   * The proxy goes. What runs is finished, and its answer says `Connection: close`; an idle client may ask once more, and
   * is told so then.
   */
  leave(): void {
    if (this.#isBusy) return this.closeWhenIdle()
    this.#isLeaving = true
    const timer = setTimeout(() => this.closeWhenIdle(), FAREWELL_MS)
    timer.unref()
    this.socket.once('close', () => clearTimeout(timer))
  }

  /** Closes as soon as no exchange runs: after a pin was lost, and when the time to finish is over. */
  closeWhenIdle(): void {
    this.#isClosing = true
    // A write after the end, even of nothing, would destroy the socket with what is still to be written.
    if (this.#isBusy || this.socket.writableEnded || this.socket.destroyed) return
    // The time starts when everything is written: a slow reader still gets the whole answer.
    this.socket.end(this.#farewell, () => {
      // Others wait to be told that there is no room.
      if (this.arrival.refusal) return void this.socket.destroy()
      const timer = setTimeout(() => this.socket.destroy(), CLOSE_GRACE_MS)
      timer.unref()
      this.socket.once('close', () => clearTimeout(timer))
    })
  }

  /** The time to finish is over: what runs gets a last word, or is cut. */
  stop(): void {
    this.#ahead.clear()
    this.#tell((running) => running.onStopping())
    this.closeWhenIdle()
  }

  /** Ends the connection in the middle of an answer, in a way that no client takes for its end. */
  cut(isDelimitedByClose: boolean): void {
    this.#isClosing = true
    uncorkNow(this.socket)
    // Length and chunks show by themselves that the answer is not complete. Where only the end of the connection says
    // so, a reset must take its place; TLS ends without close_notify, which says the same.
    if (isDelimitedByClose) breakOff(this.socket)
    else this.socket.destroy()
  }

  #tell(what: (running: RunningExchange) => void): void {
    const running = this.#running
    if (!running) return
    try {
      what(running)
    } catch (error) {
      running.onFault(error)
    }
  }

  #begin(incoming: Incoming): void {
    this.#isBusy = true
    this.#request = incoming.req
    this.#serve(incoming, this)
  }

  readonly #onGone = (): void => {
    if (this.#isGone) return
    this.#isGone = true
    this.#ahead.clear()
    this.#tell((running) => running.onClientGone())
    this.#running = undefined
    this.backends.closeAll()
  }
}
