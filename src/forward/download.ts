/** The answer on its way to the client: written as fast as the client takes it, its head in the turn that it comes in. */
import type { Socket } from 'node:net'
import { type ClientAnswer, ONE_WRITE_BYTES, type OnWritten } from './client-message.ts'
import { mayBeTrailer } from './fields.ts'
import type { ForwardReport } from './forward-report.ts'
import { guarded, type OnFault } from './guarded.ts'
import { type ClientFraming, informationText } from './response-head.ts'
import type { ResponseHead } from './response-parser.ts'
import { SLAB_BYTES, type Slab } from './slab.ts'

/** A final head as it goes to the client, connection fields included. */
export interface DownloadHead {
  readonly status: number
  readonly reason: string
  readonly fields: string[]
  readonly framing: ClientFraming
}

/**
 * From here on the server has to wait. Node's own mark is one slab: it would stop and start the reading for each, and once for
 * an answer of 64 KB. So of an answer to a client that lags at most this is held, the slab behind it, and what TLS has already
 * read (64 KiB).
 */
const MOST_UNWRITTEN = 2 * SLAB_BYTES

export class Download {
  readonly #res: ClientAnswer
  readonly #report: ForwardReport
  readonly #onFault: OnFault
  #source: Socket | undefined
  #hasHead = false
  #isFlushed = false
  /** Bytes that wait for what else comes in the same turn of the loop, as far as it goes into the same slab. */
  #waiting: Buffer | undefined
  /** Where the waiting bytes are; undefined: in memory of their own. */
  #slab: Slab | undefined
  #turn: NodeJS.Immediate | undefined
  /** Made when it is needed: most answers come in one read. */
  #onTurnEnd: (() => void) | undefined
  /** Made when it is needed: most answers never are paused. */
  #onDrain: (() => void) | undefined
  #isComplete = false
  #isPaused = false

  constructor(res: ClientAnswer, report: ForwardReport, onFault: OnFault) {
    this.#res = res
    this.#report = report
    this.#onFault = onFault
  }

  get hasHead(): boolean {
    return this.#hasHead
  }

  /** The server's answer is complete. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** A 1xx answer (RFC 9110 15.2: a proxy passes them on). */
  inform(head: ResponseHead): void {
    if (!this.#hasHead) this.#res.socket?.write(informationText(head), 'latin1')
  }

  /** @param source is paused while the client takes no more */
  begin(head: DownloadHead, source: Socket): void {
    const res = this.#res
    this.#source = source
    this.#hasHead = true
    if (head.framing === 'close') res.removeHeader('transfer-encoding')
    res.writeHead(head.status, head.reason, head.fields)
  }

  /** Bytes in a slab are let go of when they are written. */
  write(bytes: Buffer, slab?: Slab): void {
    this.#report.responseBytes += bytes.length
    this.#report.trace?.onResponseBody(bytes)
    if (slab && slab === this.#slab && this.#isNext(bytes)) return this.#join(bytes, slab)
    this.#writeWaiting()
    if (!slab && this.#isFlushed) return this.#write(bytes)
    this.#waiting = bytes
    this.#slab = slab
  }

  /** The bytes are those behind the waiting ones. */
  #isNext({ byteOffset }: Buffer): boolean {
    return this.#waiting?.byteOffset === byteOffset - (this.#waiting?.length ?? 0)
  }

  #join({ length }: Buffer, slab: Slab): void {
    const { byteOffset, length: before } = this.#waiting as Buffer
    this.#waiting = slab.bytes.subarray(byteOffset, byteOffset + before + length)
    // One hold is enough for all of it.
    slab.letGo()
  }

  #writeWaiting(): void {
    const waiting = this.#waiting
    if (!waiting) return
    const slab = this.#slab
    this.#waiting = undefined
    this.#slab = undefined
    this.#write(waiting, slab?.onWritten)
  }

  #write(bytes: Buffer, onWritten?: OnWritten): void {
    this.#isFlushed = true
    if (this.#res.write(bytes, onWritten) || this.#isPaused) return
    const { socket } = this.#res
    // Without a socket it waits for the answer before it (pipelining), and nobody counts what waits.
    if (socket && socket.writableLength < MOST_UNWRITTEN) return
    this.#isPaused = true
    this.#source?.pause()
    this.#onDrain = () => {
      this.#isPaused = false
      this.#source?.resume()
    }
    this.#res.once('drain', this.#onDrain)
  }

  /**
   * What a read has brought is here. If that was not all, it waits for the other reads of the same turn of the loop, and no
   * longer: a long poll shows its first sign of life at once.
   */
  endRead(): void {
    if (this.#turn || (this.#isFlushed && !this.#waiting)) return
    this.#onTurnEnd ??= guarded(this.#onFault, () => {
      this.#turn = undefined
      this.flush()
    })
    this.#turn = setImmediate(this.#onTurnEnd)
  }

  /** Writes what there is, be it a head without a byte of body behind it. */
  flush(): void {
    if (this.#waiting) return this.#writeWaiting()
    if (!this.#hasHead || this.#isFlushed) return
    this.#isFlushed = true
    this.#res.flushHeaders()
  }

  complete(trailers: readonly string[]): void {
    this.#isComplete = true
    if (trailers.length > 0 && this.#res.chunkedEncoding) this.#res.addTrailers(pairs(trailers))
  }

  /** Ends the answer. Head and a small body leave as one string, which Node writes without a copy of its own. */
  end(): void {
    const first = this.#isFlushed ? undefined : this.#waiting
    if (first && first.length <= ONE_WRITE_BYTES) {
      this.#waiting = undefined
      this.#isFlushed = true
      this.#res.end(first.toString('latin1'), 'latin1')
      this.#slab?.letGo()
      this.#slab = undefined
    } else {
      this.#writeWaiting()
      this.#isFlushed = true
      this.#res.end()
    }
  }

  stop(): void {
    clearImmediate(this.#turn)
    if (this.#onDrain) this.#res.off('drain', this.#onDrain)
  }
}

function pairs(trailers: readonly string[]): [string, string][] {
  const kept: [string, string][] = []
  for (let i = 0; i + 1 < trailers.length; i += 2) {
    if (mayBeTrailer(trailers[i] as string))
      kept.push([trailers[i] as string, trailers[i + 1] as string])
  }
  return kept
}
