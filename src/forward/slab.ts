/**
 * Memory that a body passes through: one read behind the other, so that what several reads have brought leaves in one write.
 * A fresh buffer for each read cost more than all else of a large body, because V8 collects the whole heap whenever some 64 MB
 * have been allocated outside it.
 *
 * SECURITY: a slab is used again, and for any client. It comes back only when nobody fills it any more and every piece that
 * was handed out has been let go of: copied, or written and called back without an error. What nobody lets go of (a connection
 * that was cut, an answer that was thrown away) is left to the garbage collector and never used again.
 */

import type { OnWritten } from './client-message.ts'

/** Four TLS records. It also bounds what one write brings. */
export const SLAB_BYTES = 64 * 1024

/**
 * From here on the other side has to wait. Node's own mark is one slab: it would stop and start the reading for each, and once
 * for a body of 64 KB. So of a body to one that lags at most this is held, the slab behind it, and what TLS has already
 * read (64 KiB).
 */
export const MOST_UNWRITTEN = 2 * SLAB_BYTES

/** Spare slabs of the process: 4 MiB. Slabs beyond go to the garbage collector. */
const MAX_SPARE = 64

const spare: Slab[] = []

export class Slab {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
  /** How far it is filled. */
  #at = 0
  /** Pieces that somebody has, and one for whoever fills it. */
  #holders = 0

  /** For one who fills it, and lets go of it when it is full or no longer needed. */
  static take(): Slab {
    const slab = spare.pop() ?? new Slab()
    slab.#at = 0
    slab.#holders = 1
    return slab
  }

  /** Bytes that fit in yet. */
  get room(): number {
    return SLAB_BYTES - this.#at
  }

  /** Where the next read may go. */
  get rest(): Buffer {
    return this.#at === 0 ? this.bytes : this.bytes.subarray(this.#at)
  }

  /** Copies as much of the bytes as there is room for. Returns the copy. */
  add(bytes: Buffer, from: number): Buffer {
    return this.read(bytes.copy(this.bytes, this.#at, from))
  }

  /** Latin-1 text that fits. */
  addText(text: string): Buffer {
    return this.read(this.bytes.write(text, this.#at, 'latin1'))
  }

  /** What a read has brought into `rest`. */
  read(count: number): Buffer {
    const at = this.#at
    this.#at += count
    return this.bytes.subarray(at, this.#at)
  }

  /** For each piece that is handed out. Whoever gets it lets go of it, or writes it with `onWritten`. */
  hold(): void {
    this.#holders++
  }

  /** Its bytes are not used any more. */
  letGo(): void {
    if (--this.#holders === 0 && spare.length < MAX_SPARE) spare.push(this)
  }

  /** For a write. After an error nobody knows who still has the bytes. */
  readonly onWritten: OnWritten = (error) => {
    if (!error) this.letGo()
  }
}
