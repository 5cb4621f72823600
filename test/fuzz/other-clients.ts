/** How other clients of HTTP/1.1 read the same bytes: Node's own and undici. Neither opens a connection. */
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { Client } from 'undici'
import type { AnswerBytes } from './answer-bytes.ts'

export interface OthersReading {
  readonly status: number
  readonly fields: readonly string[]
  /** latin1 */
  readonly body: string
  readonly trailers: readonly string[] | undefined
}

/** The words of the one who refused. */
export type OthersRefusal = string

/** A connection that brings these bytes, and takes whatever is written. */
class Wire extends Duplex {
  readonly #pieces: readonly string[]
  #isAsked = false

  constructor(pieces: readonly string[]) {
    super()
    this.#pieces = pieces
  }

  override _read(): void {}

  override _write(_bytes: unknown, _encoding: unknown, done: () => void): void {
    done()
    if (this.#isAsked) return
    this.#isAsked = true
    // After the request, so that nothing is taken for an answer that nobody asked for.
    setImmediate(() => {
      for (const piece of this.#pieces) this.push(piece, 'latin1')
      this.push(null)
    })
  }

  setTimeout = (): this => this
  setNoDelay = (): this => this
  setKeepAlive = (): this => this
  ref = (): this => this
  unref = (): this => this
}

export function readWithNode({
  method,
  pieces,
}: AnswerBytes): Promise<OthersReading | OthersRefusal> {
  const wire = new Wire(pieces)
  return new Promise((resolve) => {
    const done = (result: OthersReading | OthersRefusal): void => {
      resolve(result)
      wire.destroy()
    }
    const sent = request({ createConnection: () => wire, method, maxHeaderSize: 400_000 })
    sent.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    sent.on('upgrade', () => done('upgrade'))
    sent.on('response', (incoming: IncomingMessage) => {
      let body = ''
      incoming.on('data', (data: Buffer) => {
        body += data.toString('latin1')
      })
      incoming.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
      incoming.on('end', () =>
        done(
          incoming.complete
            ? {
                status: incoming.statusCode ?? 0,
                fields: incoming.rawHeaders,
                body,
                trailers: incoming.rawTrailers,
              }
            : 'incomplete',
        ),
      )
    })
    sent.on('close', () => done('closed'))
    sent.end()
  })
}

export async function readWithUndici({
  method,
  pieces,
}: AnswerBytes): Promise<OthersReading | OthersRefusal> {
  const client = new Client('http://backend', {
    connect: (_options, callback) =>
      void setImmediate(() => callback(null, new Wire(pieces) as unknown as Socket)),
    maxHeaderSize: 400_000,
    pipelining: 1,
  })
  try {
    const { statusCode, headers, body } = await client.request({
      path: '/',
      method,
      responseHeaders: 'raw',
    })
    const bytes = Buffer.from(await body.arrayBuffer())
    return {
      status: statusCode,
      fields: headers as unknown as string[],
      body: bytes.toString('latin1'),
      trailers: undefined,
    }
  } catch (error) {
    return error instanceof Error
      ? `${(error as NodeJS.ErrnoException).code}: ${error.message}`
      : 'undici'
  } finally {
    await client.destroy().catch(() => {})
  }
}
