/**
 * A strict parser of the back end's answers: RFC 9112, sections 4 to 8. It knows nothing of sockets.
 *
 * What two readers could understand differently is refused: a wrong answer must not be repaired into something that
 * looks right, and bytes after the end of an answer must never become the next one.
 */
import { addField, parseResponseHead, type ResponseHead } from './parse-response-head.ts'

export type { ResponseHead } from './parse-response-head.ts'

/** Where the parts of an answer go. Every method is called synchronously from `execute` or `finish`. */
export interface ResponseSink {
  /** A 1xx answer other than 101; more heads follow. */
  onInformation(head: ResponseHead): void
  onHead(head: ResponseHead): void
  onBody(bytes: Buffer): void
  /** The answer is complete. `trailers` are name, value pairs. */
  onComplete(trailers: readonly string[]): void
  /** The answer breaks a rule; nothing is parsed after this. */
  onMalformed(what: string): void
}

type State =
  | 'head'
  | 'length'
  | 'chunk-size'
  | 'chunk-data'
  | 'chunk-end'
  | 'trailers'
  | 'close'
  | 'idle'
  | 'failed'

/** A response head may carry several Set-Cookie and WWW-Authenticate fields, Kerberos tokens among them. */
const MAX_HEAD_BYTES = 256 * 1024
/** A chunk-size line: 16 hexadecimal digits and extensions; longer ones are an attack (CVE-2024-22019). */
const MAX_CHUNK_LINE_BYTES = 4096
const MAX_TRAILER_BYTES = 64 * 1024
/** Informational answers before the real one; a server that sends more is broken. */
const MAX_INFORMATION = 32

const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/

const EMPTY = Buffer.alloc(0)
const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const CR = 0x0d
const LF = 0x0a

export class ResponseParser {
  readonly #sink: ResponseSink
  #state: State = 'idle'
  /** Bytes of a head, a chunk line or trailers that are not complete yet. */
  #held: Buffer = EMPTY
  #remaining = 0
  #method = 'GET'
  #information = 0
  /** Counts the answers awaited. */
  #turn = 0
  #trailers: string[] = []
  #trailerBytes = 0

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  /** Makes ready for the answer to one request. */
  expect(method: string): void {
    this.#turn++
    this.#state = 'head'
    this.#held = EMPTY
    this.#method = method
    this.#information = 0
    this.#trailers = []
    this.#trailerBytes = 0
  }

  /** True between requests: any byte that arrives now was not asked for. */
  get isIdle(): boolean {
    return this.#state === 'idle'
  }

  /** True as long as no byte of the awaited answer has come. */
  get isUntouched(): boolean {
    return this.#state === 'head' && this.#held.length === 0 && this.#information === 0
  }

  /** Takes bytes from the server. Returns the number of bytes that belong to no awaited answer. */
  execute(bytes: Buffer): number {
    const turn = this.#turn
    let at = 0
    // The sink may send the next request from within `onComplete`. What is left of this read was there before that
    // request, so it cannot be its answer.
    while (at < bytes.length && turn === this.#turn) {
      switch (this.#state) {
        case 'idle':
        case 'failed':
          return bytes.length - at
        case 'head':
          at = this.#readHead(bytes, at)
          break
        case 'length':
          at = this.#readLength(bytes, at)
          break
        case 'chunk-size':
          at = this.#readChunkSize(bytes, at)
          break
        case 'chunk-data':
          at = this.#readChunkData(bytes, at)
          break
        case 'chunk-end':
          at = this.#readChunkEnd(bytes, at)
          break
        case 'trailers':
          at = this.#readTrailers(bytes, at)
          break
        case 'close':
          this.#sink.onBody(at === 0 ? bytes : bytes.subarray(at))
          return 0
      }
    }
    return Math.max(0, bytes.length - at)
  }

  /**
   * The server has ended its side cleanly. True when that completes the answer, which only a body delimited by the
   * end of the connection allows (RFC 9112 8).
   */
  finish(): boolean {
    if (this.#state !== 'close') return false
    this.#complete(NO_FIELDS)
    return true
  }

  #fail(what: string): number {
    this.#state = 'failed'
    this.#held = EMPTY
    this.#sink.onMalformed(what)
    return Number.MAX_SAFE_INTEGER
  }

  #complete(trailers: readonly string[]): void {
    this.#state = 'idle'
    this.#sink.onComplete(trailers)
  }

  /** Returns the text up to `end` and the place behind it, or undefined while it has not come whole. */
  #textUntil(end: Buffer, bytes: Buffer, at: number): { text: string; next: number } | undefined {
    if (this.#held.length === 0) {
      const found = end === HEAD_END ? findHeadEnd(bytes, at) : bytes.indexOf(end, at)
      if (found !== -1)
        return { text: bytes.toString('latin1', at, found), next: found + end.length }
      this.#held = Buffer.from(bytes.subarray(at))
      return undefined
    }
    // The end may lie across the border of two reads, so the search starts a little before it.
    const from = Math.max(0, this.#held.length - end.length + 1)
    const border = this.#held.length
    const all = Buffer.concat([this.#held, bytes.subarray(at)])
    const found = all.indexOf(end, from)
    this.#held = found === -1 ? all : EMPTY
    if (found === -1) return undefined
    return { text: all.toString('latin1', 0, found), next: at + found + end.length - border }
  }

  /** True when what is held is too much even if all but the last byte of `end` is already among it. */
  #holdsMore(limit: number, end: Buffer): boolean {
    return this.#held.length > limit + end.length - 1
  }

  #readHead(bytes: Buffer, at: number): number {
    const found = this.#textUntil(HEAD_END, bytes, at)
    if (!found) {
      return this.#holdsMore(MAX_HEAD_BYTES, HEAD_END)
        ? this.#fail('the head is too large')
        : bytes.length
    }
    if (found.text.length > MAX_HEAD_BYTES) return this.#fail('the head is too large')
    const head = parseResponseHead(found.text, this.#method)
    if (typeof head === 'string') return this.#fail(head)
    if (head.status < 200) {
      if (++this.#information > MAX_INFORMATION) return this.#fail('too many 1xx answers')
      this.#sink.onInformation(head)
      return found.next
    }
    this.#begin(head)
    return found.next
  }

  #begin(head: ResponseHead): void {
    this.#state =
      head.framing === 'chunked' ? 'chunk-size' : head.framing === 'close' ? 'close' : 'length'
    this.#remaining = head.framing === 'length' ? head.contentLength : 0
    this.#sink.onHead(head)
    if (this.#state === 'length' && this.#remaining === 0) this.#complete(NO_FIELDS)
  }

  #readLength(bytes: Buffer, at: number): number {
    const available = bytes.length - at
    if (available < this.#remaining) {
      this.#remaining -= available
      this.#sink.onBody(at === 0 ? bytes : bytes.subarray(at))
      return bytes.length
    }
    const end = at + this.#remaining
    this.#remaining = 0
    this.#sink.onBody(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end))
    this.#complete(NO_FIELDS)
    return end
  }

  #readChunkSize(bytes: Buffer, at: number): number {
    const found = this.#textUntil(LINE_END, bytes, at)
    if (!found) {
      return this.#holdsMore(MAX_CHUNK_LINE_BYTES, LINE_END)
        ? this.#fail('a chunk line is too long')
        : bytes.length
    }
    if (found.text.length > MAX_CHUNK_LINE_BYTES) return this.#fail('a chunk line is too long')
    const match = CHUNK_LINE.exec(found.text)
    if (!match) return this.#fail('a chunk line is malformed')
    this.#remaining = Number.parseInt(match[1] ?? '', 16)
    this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data'
    return found.next
  }

  #readChunkData(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#remaining)
    this.#remaining -= end - at
    if (this.#remaining === 0) this.#state = 'chunk-end'
    this.#sink.onBody(bytes.subarray(at, end))
    return end
  }

  #readChunkEnd(bytes: Buffer, at: number): number {
    const found = this.#textUntil(LINE_END, bytes, at)
    if (!found)
      return this.#held.length > 1
        ? this.#fail('a chunk does not end where it should')
        : bytes.length
    if (found.text !== '') return this.#fail('a chunk does not end where it should')
    this.#state = 'chunk-size'
    return found.next
  }

  /** Trailer lines one by one; the empty one ends the answer. */
  #readTrailers(bytes: Buffer, at: number): number {
    const found = this.#textUntil(LINE_END, bytes, at)
    if (!found) {
      return this.#holdsMore(MAX_TRAILER_BYTES - this.#trailerBytes, LINE_END)
        ? this.#fail('the trailers are too large')
        : bytes.length
    }
    if (found.text === '') {
      this.#complete(this.#trailers)
      return found.next
    }
    this.#trailerBytes += found.text.length
    if (this.#trailerBytes > MAX_TRAILER_BYTES) return this.#fail('the trailers are too large')
    const wrong = addField(this.#trailers, found.text)
    if (wrong) return this.#fail(wrong)
    return found.next
  }
}

const NO_FIELDS: readonly string[] = []

/**
 * As `indexOf(HEAD_END)`, and cheaper for what is as short as most heads are: a call out of JavaScript costs more than they do.
 * Each fourth byte is looked at, and those around it only if it is CR or LF.
 */
function findHeadEnd(bytes: Buffer, from: number): number {
  let last = from + 3
  while (last < bytes.length) {
    const byte = bytes[last]
    if (byte === LF) {
      if (bytes[last - 1] === CR && bytes[last - 2] === LF && bytes[last - 3] === CR)
        return last - 3
      // It may be the first of the two.
      last += 2
    } else last += byte === CR ? 1 : 4
  }
  return -1
}
