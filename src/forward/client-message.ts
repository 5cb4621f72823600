/**
 * The client's request and its answer, as far as the proxy uses them. Node's `IncomingMessage` and `ServerResponse` are
 * both; so are the lighter objects that go past its streams (src/listeners/direct-request.ts). What a member
 * means is what it means there.
 */
import type { Socket } from 'node:net'
import type { Slab } from './slab.ts'

/** Up to here it is cheaper to write one string than a string and a buffer: Node writes 16 KiB from its stack. */
export const ONE_WRITE_BYTES = 8 * 1024

/** The callback of a write. */
export type OnWritten = (error?: Error | null) => void

/** Takes a piece of a body. In a slab it has a hold, of which the taker lets go; without one it is overwritten by the next read. */
export type TakeBody = (bytes: Buffer, slab: Slab | undefined) => void

export interface ClientRequest {
  readonly method?: string | undefined
  /** The request target, byte for byte. */
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  /** Name, value, name, value … as they came, latin1. */
  readonly rawHeaders: string[]
  readonly rawTrailers: string[]
  readonly socket: Socket
  /** All of it has come. */
  readonly complete: boolean
  /** Bytes of the body that are held because nobody reads them yet. */
  readonly readableLength: number
  /** No 'end' comes any more. */
  readonly readableEnded: boolean
  on(event: 'data', listener: (bytes: Buffer) => void): unknown
  on(event: 'end', listener: () => void): unknown
  once(event: 'end', listener: () => void): unknown
  off(event: 'data', listener: (bytes: Buffer) => void): unknown
  off(event: 'end', listener: () => void): unknown
  pause(): unknown
  resume(): unknown
  /**
   * What is still to come of a body that flows goes to `take`, read by read, and no more to listeners of 'data'.
   * @param take must not throw
   * @returns makes it as before; undefined: there is no such way for the rest of this body
   */
  readInSlabs?(take: TakeBody): (() => void) | undefined
}

export interface ClientAnswer {
  /** `writeHead` was called. */
  readonly headersSent: boolean
  /** The body is written in chunks, to which trailers can be added. */
  readonly chunkedEncoding: boolean
  readonly socket: Socket | null
  /** Of those that Node adds by itself. */
  removeHeader(name: 'transfer-encoding'): void
  writeHead(status: number, reason: string, fields: string[]): unknown
  writeContinue(): void
  flushHeaders(): void
  /**
   * @param onWritten called when the bytes are not used any more, with an error when that is not sure; never called where
   *   nobody can tell
   * @returns false: wait for 'drain'
   */
  write(bytes: Buffer, onWritten?: OnWritten): boolean
  addTrailers(trailers: [string, string][]): void
  end(): unknown
  end(body: Buffer): unknown
  end(body: string, encoding: 'latin1'): unknown
  once(event: 'drain' | 'finish', listener: () => void): unknown
  off(event: 'drain' | 'finish', listener: () => void): unknown
}
