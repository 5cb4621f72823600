/**
 * Bytes that come in pieces, in one piece. A list of the pieces would do, were it not for senders of one byte at a time:
 * each Buffer costs more than a hundred bytes of its own.
 */

const FIRST_SIZE = 1_024

export class GrowingBuffer {
  #bytes = Buffer.allocUnsafe(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(piece: Buffer): void {
    const needed = this.#length + piece.length
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, FIRST_SIZE, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    piece.copy(this.#bytes, this.#length)
    this.#length = needed
  }

  /** What has come so far. Valid until the next `append`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}
