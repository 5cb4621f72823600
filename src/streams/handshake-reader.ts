/**
 * Reads the clear beginning of one direction of a TLS connection: records (RFC 8446 5.1, the same in RFC 5246 6.2.1),
 * and the handshake messages inside them, however both are cut. It only looks; the bytes go their own way.
 *
 * Whatever is not what it should be ends the reading. Nothing is ever wrong for the connection: that is for its ends
 * to say.
 */
import { GrowingBuffer } from './growing-buffer.ts'

export interface HandshakeMessage {
  readonly type: number
  readonly body: Buffer
}

export interface HandshakeReaderSettings {
  /** Which messages are wanted; the others are passed over without being kept. */
  readonly types: ReadonlySet<number>
  /** A wanted message that is longer than so many bytes is passed over as well. */
  readonly maxMessage: number
  /** So many bytes are looked at, and no more. */
  readonly maxBytes: number
}

const HANDSHAKE = 22
const RECORD_HEAD = 5
const MESSAGE_HEAD = 4
/** A record in clear holds at most 2^14 bytes. */
const MAX_RECORD = 2 ** 14

export class HandshakeReader {
  readonly #settings: HandshakeReaderSettings
  #isOver = false
  #seen = 0
  readonly #recordHead = Buffer.alloc(RECORD_HEAD)
  #recordHeadLength = 0
  /** Bytes of the record that are still to come. */
  #recordLeft = 0
  readonly #messageHead = Buffer.alloc(MESSAGE_HEAD)
  #messageHeadLength = 0
  /** Bytes of the message that are still to come. */
  #messageLeft = 0
  /** Of a wanted message. */
  #body: GrowingBuffer | undefined

  constructor(settings: HandshakeReaderSettings) {
    this.#settings = settings
  }

  /** Nothing more can be read: encrypted from here on, no TLS at all, or too long. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** @returns the wanted messages that have become complete */
  push(chunk: Buffer): readonly HandshakeMessage[] {
    const found: HandshakeMessage[] = []
    let at = 0
    while (at < chunk.length && !this.#isOver) {
      if (this.#recordLeft === 0) {
        at += this.#takeRecordHead(chunk, at)
        continue
      }
      const end = Math.min(chunk.length, at + this.#recordLeft)
      const part = chunk.subarray(at, end)
      this.#recordLeft -= part.length
      this.#takeFragment(part, found)
      at = end
    }
    this.#seen += chunk.length
    if (this.#seen >= this.#settings.maxBytes) this.end()
    return found
  }

  /** Looks at nothing more, and lets go of what it has kept. */
  end(): void {
    this.#isOver = true
    this.#body = undefined
  }

  #takeRecordHead(chunk: Buffer, at: number): number {
    const taken = chunk.copy(
      this.#recordHead,
      this.#recordHeadLength,
      at,
      at + RECORD_HEAD - this.#recordHeadLength,
    )
    this.#recordHeadLength += taken
    // Known from the first byte on: who speaks no TLS must not be waited for.
    if (this.#recordHead.readUInt8(0) !== HANDSHAKE) this.end()
    if (this.#recordHeadLength > 1 && this.#recordHead.readUInt8(1) !== 3) this.end()
    if (this.#recordHeadLength < RECORD_HEAD) return taken
    this.#recordHeadLength = 0
    this.#recordLeft = this.#recordHead.readUInt16BE(3)
    // An empty handshake record is forbidden (RFC 8446 5.1), and many of them would be work for nothing.
    if (this.#recordLeft === 0 || this.#recordLeft > MAX_RECORD) this.end()
    return taken
  }

  #takeFragment(fragment: Buffer, found: HandshakeMessage[]): void {
    let at = 0
    while (at < fragment.length) {
      if (this.#messageHeadLength < MESSAGE_HEAD) {
        const missing = MESSAGE_HEAD - this.#messageHeadLength
        const taken = fragment.copy(this.#messageHead, this.#messageHeadLength, at, at + missing)
        this.#messageHeadLength += taken
        at += taken
        if (this.#messageHeadLength < MESSAGE_HEAD) return
        this.#beginMessage()
      }
      const end = Math.min(fragment.length, at + this.#messageLeft)
      this.#body?.append(fragment.subarray(at, end))
      this.#messageLeft -= end - at
      at = end
      if (this.#messageLeft === 0) this.#endMessage(found)
    }
  }

  #beginMessage(): void {
    const { types, maxMessage } = this.#settings
    const type = this.#messageHead.readUInt8(0)
    this.#messageLeft = this.#messageHead.readUIntBE(1, 3)
    const isWanted = types.has(type) && this.#messageLeft <= maxMessage
    this.#body = isWanted ? new GrowingBuffer() : undefined
  }

  #endMessage(found: HandshakeMessage[]): void {
    if (this.#body)
      found.push({ type: this.#messageHead.readUInt8(0), body: Buffer.from(this.#body.bytes) })
    this.#body = undefined
    this.#messageHeadLength = 0
  }
}
