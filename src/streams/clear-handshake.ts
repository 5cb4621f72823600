/** What both sides of a connection say in clear, put together from their chunks as they pass. */
import { CERTIFICATE, readCertificateNames } from './certificate-names.ts'
import { CLIENT_HELLO, type ClientHello, readClientHello } from './client-hello.ts'
import { HandshakeReader } from './handshake-reader.ts'

/** A chain of Windows with its intermediates has a few KiB; TLS itself would allow 16 MiB. */
const MAX_MESSAGE = 24 * 1_024
/** Servers of Windows list up to 16 KiB of authorities for client certificates. */
const MAX_BYTES = 64 * 1_024

export class ClearHandshake {
  hello: ClientHello | undefined
  /** Undefined: no certificate was seen. TLS 1.3 and resumed sessions show none. */
  clientNames: readonly string[] | undefined
  serverNames: readonly string[] | undefined
  readonly #client = readerOf(CLIENT_HELLO, CERTIFICATE)
  readonly #server = readerOf(CERTIFICATE)

  /** The client says no more that could be understood. */
  get isClientOver(): boolean {
    return this.#client.isOver
  }

  onChunk(from: 'client' | 'server', chunk: Buffer): void {
    if (from === 'client') this.#fromClient(chunk)
    else this.#fromServer(chunk)
  }

  #fromClient(chunk: Buffer): void {
    if (this.#client.isOver) return
    for (const { type, body } of this.#client.push(chunk)) {
      if (type === CLIENT_HELLO) this.hello ??= readClientHello(body)
      else this.clientNames ??= readCertificateNames(body)
    }
  }

  #fromServer(chunk: Buffer): void {
    if (this.#server.isOver) return
    for (const { body } of this.#server.push(chunk)) {
      this.serverNames ??= readCertificateNames(body)
      this.#server.end()
    }
  }
}

const readerOf = (...types: readonly number[]): HandshakeReader =>
  new HandshakeReader({ types: new Set(types), maxMessage: MAX_MESSAGE, maxBytes: MAX_BYTES })
