/**
 * The body of a request, as the parser brings it: held until somebody listens, then passed on in the call that brought it.
 * It does of a Readable what the proxy uses, in the same way, without its bookkeeping for each piece.
 */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { TakeBody } from '../forward/client-message.ts'
import { BodyReader } from './body-reader.ts'

/** Less than that is not worth it to read otherwise: it comes in one read. */
const LEAST_IN_SLABS = 16 * 1024

/** As much as Node holds of a body that nobody reads yet. The read that is being parsed may come on top of it (64 KiB). */
const MOST_HELD = 64 * 1024

/** Tells 'data' with the bytes, and 'end'. */
export class RequestBody extends EventEmitter {
  readonly #socket: Socket
  /** Bytes that the parser has not brought yet; NaN: nobody knows. */
  #left: number
  /** Reads in its stead. */
  #reader: BodyReader | undefined
  readonly #held: Buffer[] = []
  #heldBytes = 0
  /** 'new' until somebody listens or reads: then it flows, unless it was paused before. */
  #flow: 'new' | 'flowing' | 'paused' = 'new'
  /** What is held is given out when this turn's work is done. */
  #isAboutToFlow = false
  /** The parser has come to the end. */
  #isWhole = false
  /** The socket is not read, because too much is held. */
  #holdsSocket = false
  #isEnded = false

  /** @param length in bytes, as the parser has checked it; undefined: its end is told by chunks */
  constructor(socket: Socket, length: string | undefined) {
    super()
    this.#socket = socket
    this.#left = Number(length ?? Number.NaN)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** 'end' was told. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Listening to 'data' makes it flow in a later turn. What flows and nobody listens to is thrown away. */
  listen(event: 'data' | 'end', listener: (bytes: Buffer) => void): void {
    this.on(event, listener)
    if (event === 'data' && this.#flow === 'new') this.resume()
  }

  pause(): void {
    this.#flow = 'paused'
    if (!this.#reader) return
    this.#holdsSocket = true
    this.#socket.pause()
  }

  resume(): void {
    if (this.#flow === 'flowing') return
    this.#flow = 'flowing'
    this.#flowSoon()
  }

  /** As `ClientRequest.readInSlabs`. */
  readInSlabs(take: TakeBody): (() => void) | undefined {
    const flows = this.#flow === 'flowing' && this.#held.length === 0
    if (!flows || !Number.isSafeInteger(this.#left) || this.#left < LEAST_IN_SLABS) return undefined
    const reader = BodyReader.of(this.#socket)
    if (!reader) return undefined
    this.#reader = reader
    reader.start(this.#left, take)
    return () => {
      this.#reader = undefined
      this.#left = Number.NaN
      reader.stop()
    }
  }

  /**
   * @param bytes undefined: there are no more
   * @returns false: the socket is to be read no more; it will be told to go on
   */
  add(bytes: Buffer | undefined): boolean {
    const goesOn = this.#flow === 'flowing' && !this.#isAboutToFlow
    if (!bytes) {
      this.#isWhole = true
      if (goesOn) this.#end()
      return true
    }
    this.#left -= bytes.length
    if (goesOn && this.#held.length === 0 && this.listenerCount('data') > 0) {
      this.emit('data', bytes)
      return true
    }
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (goesOn) this.#flowSoon()
    this.#holdsSocket = this.#heldBytes >= MOST_HELD
    return !this.#holdsSocket
  }

  /** Not in this call: whoever wants to read may listen after it. */
  #flowSoon(): void {
    if (this.#isAboutToFlow) return
    this.#isAboutToFlow = true
    process.nextTick(this.#giveOut)
  }

  readonly #giveOut = (): void => {
    this.#isAboutToFlow = false
    while (this.#flow === 'flowing') {
      const bytes = this.#held.shift()
      if (!bytes) break
      this.#heldBytes -= bytes.length
      this.emit('data', bytes)
    }
    if (this.#flow !== 'flowing') return
    if (this.#holdsSocket) {
      this.#holdsSocket = false
      if (this.#socket.readable) this.#socket.resume()
    }
    if (this.#isWhole) this.#end()
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.emit('end')
  }
}
