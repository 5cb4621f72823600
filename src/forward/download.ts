/** The answer on its way to the client: written as fast as the client takes it, its head in the turn that it comes in. */
import type { Socket } from 'node:net'
import { type ClientAnswer, ONE_WRITE_BYTES, type OnWritten } from './client-message.ts'
import { mayBeTrailer } from './fields.ts'
import type { ForwardReport } from './forward-report.ts'
import { guarded, type OnFault } from './guarded.ts'
import { type ClientFraming, informationText } from './response-head.ts'
import type { ResponseHead } from './response-parser.ts'
import { MOST_UNWRITTEN, type Slab } from './slab.ts'
import { WaitingBytes } from './waiting-bytes.ts'

/** A final head as it goes to the client, connection fields included. */
export interface DownloadHead {
  readonly status: number
  readonly reason: string
  readonly fields: string[]
  readonly framing: ClientFraming
}

export class Download {
  readonly #res: ClientAnswer
  readonly #report: ForwardReport
  readonly #onFault: OnFault
  #source: Socket | undefined
  #hasHead = false
  #isFlushed = false
  readonly #waiting = new WaitingBytes()
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
    if (this.#waiting.extend(bytes, slab)) return
    this.#writeWaiting()
    if (!slab && this.#isFlushed) this.#write(bytes)
    else this.#waiting.begin(bytes, slab)
  }

  #writeWaiting(): void {
    const { bytes, slab } = this.#waiting
    if (!bytes) return
    this.#waiting.clear()
    this.#write(bytes, slab?.onWritten)
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
    if (this.#turn || (this.#isFlushed && !this.#waiting.bytes)) return
    this.#onTurnEnd ??= guarded(this.#onFault, () => {
      this.#turn = undefined
      this.flush()
    })
    this.#turn = setImmediate(this.#onTurnEnd)
  }

  /** Writes what there is, be it a head without a byte of body behind it. */
  flush(): void {
    if (this.#waiting.bytes) return this.#writeWaiting()
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
    const { bytes, slab } = this.#waiting
    if (bytes && !this.#isFlushed && bytes.length <= ONE_WRITE_BYTES) {
      this.#waiting.clear()
      this.#isFlushed = true
      this.#res.end(bytes.toString('latin1'), 'latin1')
      slab?.letGo()
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
