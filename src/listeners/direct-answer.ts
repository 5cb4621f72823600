/**
 * The answer to a request that was taken over, written straight to the client's socket: head and what is there of the body
 * in one write. It does of Node's ServerResponse what the proxy uses, in the same way.
 */
import type { Socket } from 'node:net'
import { type ClientAnswer, ONE_WRITE_BYTES, type OnWritten } from '../forward/client-message.ts'
import { corkForTurn } from '../forward/cork-for-turn.ts'
import { FIELD_NAME, isNamed, NOT_IN_A_VALUE } from '../forward/fields.ts'

export class DirectAnswer implements ClientAnswer {
  headersSent = false
  chunkedEncoding = false
  readonly socket: Socket
  /** The head, as long as it is not written. */
  #unsent = ''
  #hasBody: boolean
  #trailers = ''
  #isEnded = false
  #onFinish: (() => void) | undefined

  /** @param isToHead the request is a HEAD: its answer has no body, whatever its head announces */
  constructor(socket: Socket, isToHead: boolean) {
    this.socket = socket
    this.#hasBody = !isToHead
  }

  /** No field is added to those that are asked for. */
  removeHeader(): void {}

  /**
   * @param fields name, value, name, value …
   * @throws an Error where a field could break out of its line, and where nothing would tell where the body ends
   */
  writeHead(status: number, reason: string, fields: readonly string[]): void {
    if (this.headersSent) throw new Error('an answer has one head')
    let hasLength = false
    let isChunked = false
    let text = `HTTP/1.1 ${status} ${checked(reason)}\r\n`
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i] as string
      const value = fields[i + 1] as string
      if (!FIELD_NAME.test(name)) throw new Error('a field name of an answer is malformed')
      text += `${name}: ${checked(value)}\r\n`
      if (name.length === 17) isChunked ||= isNamed(name, 'Transfer-Encoding', 'transfer-encoding')
      else if (name.length === 14) hasLength ||= isNamed(name, 'Content-Length', 'content-length')
    }
    if (status === 204 || status === 304) this.#hasBody = false
    if (this.#hasBody && !hasLength && !isChunked)
      throw new Error('an answer does not say where its body ends')
    this.chunkedEncoding = isChunked
    this.headersSent = true
    this.#unsent = `${text}\r\n`
  }

  writeContinue(): void {
    this.#write('HTTP/1.1 100 Continue\r\n\r\n')
  }

  flushHeaders(): void {
    this.#write(this.#taken())
  }

  /** @throws an Error before the head and after the end: what were written then would be part of another answer */
  write(bytes: Buffer, onWritten?: OnWritten): boolean {
    if (!this.headersSent || this.#isEnded) throw new Error('a piece of an answer is out of place')
    if (!this.#hasBody || bytes.length === 0) {
      this.flushHeaders()
      onWritten?.()
      return true
    }
    const { socket } = this
    if (!socket.writable) return true
    const before = this.#taken() + this.#chunkLine(bytes.length)
    const after = this.chunkedEncoding ? '\r\n' : ''
    if (before === '') return socket.write(bytes, onWritten)
    if (bytes.length <= ONE_WRITE_BYTES) {
      corkForTurn(socket)
      return socket.write(before + bytes.toString('latin1') + after, 'latin1', onWritten)
    }
    socket.cork()
    socket.write(before, 'latin1')
    socket.write(bytes, onWritten)
    if (after !== '') socket.write(after, 'latin1')
    socket.uncork()
    return !socket.writableNeedDrain
  }

  addTrailers(trailers: readonly (readonly [string, string])[]): void {
    for (const [name, value] of trailers) {
      if (!FIELD_NAME.test(name)) throw new Error('a trailer name of an answer is malformed')
      this.#trailers += `${name}: ${checked(value)}\r\n`
    }
  }

  end(body: Buffer | string = '', _encoding?: 'latin1'): void {
    if (this.#isEnded) return
    if (!this.headersSent) throw new Error('an answer has no head')
    let text = body
    if (typeof text !== 'string') {
      if (text.length > ONE_WRITE_BYTES) {
        this.write(text)
        text = ''
      } else text = text.toString('latin1')
    }
    this.#isEnded = true
    if (!this.#hasBody) return this.#finish(this.#taken())
    let rest = this.#taken()
    if (text !== '')
      rest += this.#chunkLine(text.length) + text + (this.chunkedEncoding ? '\r\n' : '')
    if (this.chunkedEncoding) rest += `0\r\n${this.#trailers}\r\n`
    this.#finish(rest)
  }

  once(event: 'drain' | 'finish', listener: () => void): void {
    if (event === 'finish') this.#onFinish = listener
    else this.socket.once('drain', listener)
  }

  off(event: 'drain' | 'finish', listener: () => void): void {
    if (event === 'drain') this.socket.off('drain', listener)
    else if (this.#onFinish === listener) this.#onFinish = undefined
  }

  #chunkLine(bytes: number): string {
    return this.chunkedEncoding ? `${bytes.toString(16)}\r\n` : ''
  }

  #taken(): string {
    const text = this.#unsent
    this.#unsent = ''
    return text
  }

  #write(text: string): void {
    if (text === '' || !this.socket.writable) return
    corkForTurn(this.socket)
    this.socket.write(text, 'latin1')
  }

  /** 'finish' is told when all has been handed to the system, as Node does it. */
  #finish(text: string): void {
    const onFinish = this.#onFinish
    if (!onFinish) return this.#write(text)
    if (!this.socket.writable) return
    // Not corked: often the connection ends with it, and its place is to be free before the client has read this.
    this.socket.write(text, 'latin1', (error) => {
      if (!error) onFinish()
    })
  }
}

function checked(value: string): string {
  if (NOT_IN_A_VALUE.test(value)) throw new Error('a field value of an answer is malformed')
  return value
}
