/**
 * A second opinion on where requests begin and end: RFC 9112 as strictly as it can be read, sharing no code with the
 * proxy or with Node. Text is latin1.
 */

export interface ReadRequest {
  readonly method: string
  readonly target: string
  readonly version: string
  /** Name and value, white space around the value taken off. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
  readonly trailers: readonly (readonly [name: string, value: string])[]
  readonly isChunked: boolean
}

export interface ReadStream {
  readonly requests: readonly ReadRequest[]
  /** The request whose head is there and whose body is not, or is wrong. */
  readonly begun: ReadRequest | undefined
  /** The method of the request that is not whole, as far as it can be read. */
  readonly begunMethod: string | undefined
  /** `complete`: nothing is left over. Anything else but `incomplete` says what is wrong. */
  readonly end: string
}

/** What Node's parser is known to accept besides; docs/request-screening.md has each one. */
export interface Tolerance {
  /** CR and LF in any order before a request line (RFC 9112 2.2 allows empty lines). */
  readonly emptyLines: boolean
  /** Several spaces between the words of the request line (RFC 9112 3 allows them). */
  readonly spaces: boolean
  /** `RTSP/` and `ICE/` in the place of `HTTP/`. */
  readonly protocols: boolean
}

export const strict: Tolerance = { emptyLines: false, spaces: false, protocols: false }
export const nodes: Tolerance = { emptyLines: true, spaces: true, protocols: true }

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const TARGET = /^[\x21-\x7e]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

class Trouble extends Error {}
class Incomplete extends Error {}

/** Reads as many requests as there are. */
export function readRequests(text: string, tolerance: Tolerance): ReadStream {
  const requests: ReadRequest[] = []
  const reader = new Reader(text, tolerance)
  try {
    while (!reader.isAtEnd) requests.push(reader.readRequest())
    return { requests, begun: undefined, begunMethod: undefined, end: 'complete' }
  } catch (error) {
    const { begun, begunMethod } = reader
    if (error instanceof Incomplete) return { requests, begun, begunMethod, end: 'incomplete' }
    if (error instanceof Trouble) return { requests, begun, begunMethod, end: error.message }
    throw error
  }
}

class Reader {
  readonly #text: string
  readonly #tolerance: Tolerance
  #at = 0
  begun: ReadRequest | undefined
  begunMethod: string | undefined

  constructor(text: string, tolerance: Tolerance) {
    this.#text = text
    this.#tolerance = tolerance
  }

  get isAtEnd(): boolean {
    if (this.#tolerance.emptyLines) while (/[\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++
    return this.#at === this.#text.length
  }

  readRequest(): ReadRequest {
    this.begun = undefined
    this.begunMethod = undefined
    const [method, target, version] = this.#readRequestLine()
    const fields = this.#readFields()
    const length = framingOf(version, fields)
    if (!/^1\.[01]$/.test(version)) throw new Trouble(`version ${version}`)
    const head = { method, target, version, fields, isChunked: length === 'chunked' }
    this.begun = { ...head, body: '', trailers: [] }
    const request =
      length === 'chunked'
        ? { ...head, ...this.#readChunks() }
        : { ...head, body: this.#take(length), trailers: [] }
    this.begun = undefined
    return request
  }

  #readRequestLine(): [method: string, target: string, version: string] {
    const line = this.#readLine()
    const words = this.#tolerance.spaces ? line.split(/ +/) : line.split(' ')
    const [method = '', target = '', protocol = ''] = words
    this.begunMethod = method
    if (words.length !== 3) throw new Trouble('not three words in the request line')
    if (!TOKEN.test(method)) throw new Trouble('the method')
    if (!TARGET.test(target)) throw new Trouble('the target')
    const names = this.#tolerance.protocols ? /^(?:HTTP|RTSP|ICE)\/(\d\.\d)$/ : /^HTTP\/(\d\.\d)$/
    const version = names.exec(protocol)?.[1]
    if (version === undefined) throw new Trouble('the protocol')
    return [method, target, version]
  }

  #readFields(): [string, string][] {
    const fields: [string, string][] = []
    for (;;) {
      const line = this.#readLine()
      if (line === '') return fields
      const colon = line.indexOf(':')
      const name = line.slice(0, Math.max(0, colon))
      const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
      if (!TOKEN.test(name)) throw new Trouble('a field name')
      if (!VALUE.test(value)) throw new Trouble('a field value')
      fields.push([name, value])
    }
  }

  #readChunks(): { body: string; trailers: [string, string][] } {
    let body = ''
    for (;;) {
      const line = this.#readLine()
      const [, digits] = /^([0-9A-Fa-f]+)(?:;[\t\x20-\x7e]*)?$/.exec(line) ?? []
      if (digits === undefined) throw new Trouble('a chunk line')
      const size = Number.parseInt(digits, 16)
      if (!Number.isSafeInteger(size)) throw new Trouble('the size of a chunk')
      if (size === 0) return { body, trailers: this.#readTrailers() }
      body += this.#take(size)
      if (this.#readExactly('\r\n') === false) throw new Trouble('the end of a chunk')
    }
  }

  #readTrailers(): [string, string][] {
    const trailers = this.#readFields()
    const framing = trailers.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name))
    if (framing) throw new Trouble('a trailer about the length')
    return trailers
  }

  #readExactly(wanted: string): boolean {
    const found = this.#text.slice(this.#at, this.#at + wanted.length)
    if (found !== wanted.slice(0, found.length)) return false
    this.#take(wanted.length)
    return true
  }

  /** Up to CRLF. A line with any other CR or LF is wrong as soon as it is seen, complete or not. */
  #readLine(): string {
    const end = this.#text.indexOf('\r\n', this.#at)
    const line = this.#text.slice(this.#at, end === -1 ? undefined : end)
    if (/\n|\r./s.test(line)) throw new Trouble('a bare CR or LF')
    if (end === -1) throw new Incomplete()
    this.#at = end + 2
    return line
  }

  #take(length: number): string {
    if (this.#text.length - this.#at < length) throw new Incomplete()
    this.#at += length
    return this.#text.slice(this.#at - length, this.#at)
  }
}

/** RFC 9112 6.3 */
function framingOf(
  version: string,
  fields: readonly (readonly [string, string])[],
): number | 'chunked' {
  const values = (wanted: string): string[] =>
    fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value)
  const codings = values('transfer-encoding')
  const lengths = values('content-length')
  const [length = '0'] = lengths
  if (codings.length + lengths.length > 1) throw new Trouble('more than one framing')
  if (codings.length === 1) {
    if (version !== '1.1') throw new Trouble('Transfer-Encoding in HTTP/1.0')
    if (codings[0]?.toLowerCase() !== 'chunked') throw new Trouble('another transfer coding')
    return 'chunked'
  }
  if (!/^[0-9]{1,15}$/.test(length)) throw new Trouble('the length')
  return Number(length)
}
