/** The answer on its way to the client: written as fast as the client takes it, its head at once. */
import type { Socket } from 'node:net'
import type { ClientAnswer } from './client-message.ts'
import { mayBeTrailer } from './fields.ts'
import type { ForwardReport } from './forward-report.ts'
import { type ClientFraming, informationText } from './response-head.ts'
import type { ResponseHead } from './response-parser.ts'

/** A final head as it goes to the client, connection fields included. */
export interface DownloadHead {
  readonly status: number
  readonly reason: string
  readonly fields: string[]
  readonly framing: ClientFraming
}

/** Node writes a string of up to 16 KiB from its stack; a head must fit beside the body. */
const ONE_WRITE_BYTES = 8 * 1024

export class Download {
  readonly #res: ClientAnswer
  readonly #report: ForwardReport
  #source: Socket | undefined
  #hasHead = false
  #isFlushed = false
  /** The first bytes of the body, held until the end of the read that brought them. */
  #first: Buffer | undefined
  /** Made when it is needed: most answers never are paused. */
  #onDrain: (() => void) | undefined
  #isComplete = false
  #isPaused = false

  constructor(res: ClientAnswer, report: ForwardReport) {
    this.#res = res
    this.#report = report
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

  write(bytes: Buffer): void {
    this.#report.responseBytes += bytes.length
    this.#report.trace?.onResponseBody(bytes)
    // The first bytes wait for what else the same read brings: most answers are complete then.
    if (!this.#isFlushed && !this.#first) {
      this.#first = bytes
      return
    }
    this.#writeFirst()
    this.#write(bytes)
  }

  #writeFirst(): void {
    const first = this.#first
    this.#first = undefined
    if (first) this.#write(first)
  }

  #write(bytes: Buffer): void {
    this.#isFlushed = true
    if (this.#res.write(bytes) || this.#isPaused) return
    this.#isPaused = true
    this.#source?.pause()
    this.#onDrain = () => {
      this.#isPaused = false
      this.#source?.resume()
    }
    this.#res.once('drain', this.#onDrain)
  }

  /** A head without a byte of body behind it goes out at once: a long poll's first sign of life. */
  flush(): void {
    if (this.#first) return this.#writeFirst()
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
    const first = this.#first
    this.#first = undefined
    this.#isFlushed = true
    if (!first) this.#res.end()
    else if (first.length <= ONE_WRITE_BYTES) this.#res.end(first.toString('latin1'), 'latin1')
    else this.#res.end(first)
  }

  stop(): void {
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
