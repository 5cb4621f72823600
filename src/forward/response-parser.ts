/**
 * A strict parser of the back end's answers: RFC 9112, sections 4 to 8. It knows nothing of sockets.
 *
 * What two readers could understand differently is refused: a wrong answer must not be repaired into something that
 * looks right, and bytes after the end of an answer must never become the next one.
 */

/** What an answer's body is delimited by (RFC 9112 6.3). */
export type BodyFraming = 'none' | 'length' | 'chunked' | 'close'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Name, value, name, value … as they came, latin1. */
  readonly fields: string[]
  readonly framing: BodyFraming
  /** The value of Content-Length; -1: none. */
  readonly contentLength: number
  /** False when the server will close after this answer. */
  readonly keepsAlive: boolean
}

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

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?$/
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/
const DIGITS = /^[0-9]{1,15}$/

const EMPTY = Buffer.alloc(0)
const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')

export class ResponseParser {
  readonly #sink: ResponseSink
  #state: State = 'idle'
  /** Bytes of a head, a chunk line or trailers that are not complete yet. */
  #held: Buffer = EMPTY
  #remaining = 0
  #method = 'GET'
  #information = 0

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  /** Makes ready for the answer to one request. */
  expect(method: string): void {
    this.#state = 'head'
    this.#held = EMPTY
    this.#method = method
    this.#information = 0
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
    let at = 0
    while (at < bytes.length) {
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
    return 0
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
      const found = bytes.indexOf(end, at)
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

  #readHead(bytes: Buffer, at: number): number {
    const found = this.#textUntil(HEAD_END, bytes, at)
    if (!found) {
      if (this.#held.length > MAX_HEAD_BYTES) return this.#fail('the head is too large')
      return bytes.length
    }
    if (found.text.length > MAX_HEAD_BYTES) return this.#fail('the head is too large')
    const head = parseHead(found.text, this.#method)
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
      if (this.#held.length > MAX_CHUNK_LINE_BYTES) return this.#fail('a chunk line is too long')
      return bytes.length
    }
    const match = CHUNK_LINE.exec(found.text)
    if (!match || found.text.length > MAX_CHUNK_LINE_BYTES)
      return this.#fail('a chunk line is malformed')
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
      if (this.#held.length > MAX_TRAILER_BYTES) return this.#fail('the trailers are too large')
      return bytes.length
    }
    if (found.text === '') {
      const trailers = this.#trailers
      this.#trailers = []
      this.#trailerBytes = 0
      this.#complete(trailers)
      return found.next
    }
    this.#trailerBytes += found.text.length
    if (this.#trailerBytes > MAX_TRAILER_BYTES) return this.#fail('the trailers are too large')
    const wrong = addField(this.#trailers, found.text)
    if (wrong) return this.#fail(wrong)
    return found.next
  }

  #trailers: string[] = []
  #trailerBytes = 0
}

const NO_FIELDS: readonly string[] = []

/** Reads a status line and fields (RFC 9112 4 and 5). Returns what is wrong when something is. */
function parseHead(text: string, method: string): ResponseHead | string {
  let end = text.indexOf('\r\n')
  const line = STATUS_LINE.exec(end === -1 ? text : text.slice(0, end))
  if (!line) return 'the status line is malformed'
  const status = Number(line[2])
  if (status === 101) return 'an upgrade that was not asked for'
  const facts: FramingFacts = { contentLength: -1, chunked: false, close: false, keepAlive: false }
  const fields: string[] = []
  while (end !== -1) {
    const start = end + 2
    end = text.indexOf('\r\n', start)
    const wrong =
      addField(fields, end === -1 ? text.slice(start) : text.slice(start, end)) ??
      noteFraming(facts, fields)
    if (wrong) return wrong
  }
  const is11 = line[1] === '1'
  if (facts.chunked && !is11) return 'Transfer-Encoding in an HTTP/1.0 answer'
  if (facts.chunked && facts.contentLength !== -1)
    return 'Transfer-Encoding and Content-Length together'
  const framing = framingOf(status, method, facts)
  const keepsAlive = framing !== 'close' && !facts.close && (is11 || facts.keepAlive)
  return {
    status,
    reason: line[3] ?? '',
    fields,
    framing,
    contentLength: facts.contentLength,
    keepsAlive,
  }
}

/** Adds one field line. A space before the colon, obs-fold, and control bytes are refused (RFC 9112 5.1, 5.2). */
function addField(fields: string[], line: string): string | undefined {
  const colon = line.indexOf(':')
  if (colon <= 0 || !FIELD_NAME.test(line.slice(0, colon))) return 'a field name is malformed'
  const value = line.slice(colon + 1)
  if (NOT_IN_A_VALUE.test(value)) return 'a field value has control characters'
  fields.push(line.slice(0, colon), trimBlanks(value))
  return undefined
}

/** OWS is blanks and tabs only; String.trim would also eat latin1 NBSP, which is a byte of the value. */
function trimBlanks(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value.charCodeAt(start))) start++
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

interface FramingFacts {
  contentLength: number
  chunked: boolean
  close: boolean
  keepAlive: boolean
}

/** Looks at the field added last. Only names of the right length are lowered: most fields pass with one comparison. */
function noteFraming(facts: FramingFacts, fields: readonly string[]): string | undefined {
  const name = fields[fields.length - 2] ?? ''
  const value = fields[fields.length - 1] ?? ''
  if (name.length === 14 && name.toLowerCase() === 'content-length') {
    if (facts.contentLength !== -1 || !DIGITS.test(value))
      return 'Content-Length is malformed or repeated'
    facts.contentLength = Number(value)
  } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
    if (facts.chunked || value.toLowerCase() !== 'chunked')
      return 'Transfer-Encoding is not just chunked'
    facts.chunked = true
  } else if (name.length === 10 && name.toLowerCase() === 'connection') {
    for (const option of value.toLowerCase().split(',')) {
      if (option.trim() === 'close') facts.close = true
      else if (option.trim() === 'keep-alive') facts.keepAlive = true
    }
  }
  return undefined
}

/** RFC 9112 6.3, in its order. */
function framingOf(status: number, method: string, facts: FramingFacts): BodyFraming {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  if (facts.chunked) return 'chunked'
  return facts.contentLength === -1 ? 'close' : 'length'
}
