/** Reads fields one after another and never beyond the end: what is not there is undefined. */

export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  /** A number of 1 to 3 bytes. */
  number(width: 1 | 2 | 3): number | undefined {
    return this.bytes(width)?.readUIntBE(0, width)
  }

  bytes(length: number): Buffer | undefined {
    if (this.#at + length > this.#bytes.length) return undefined
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }

  /** A vector: its length in so many bytes, then the bytes (RFC 8446 3.4). */
  vector(width: 1 | 2 | 3): Buffer | undefined {
    const length = this.number(width)
    return length === undefined ? undefined : this.bytes(length)
  }
}
