/** Bytes that wait for what else comes in the same turn of the loop, so that all of it leaves in one write. */
import type { Slab } from './slab.ts'

export class WaitingBytes {
  /** Undefined: nothing waits. */
  bytes: Buffer | undefined
  /** Where the bytes are, with a hold for them; undefined: in memory of their own. */
  slab: Slab | undefined

  /** Takes bytes that lie right behind those that wait. False: they do not. */
  extend(bytes: Buffer, slab: Slab | undefined): boolean {
    const before = this.bytes
    if (!before || !slab || slab !== this.slab) return false
    const { byteOffset, length } = before
    if (bytes.byteOffset !== byteOffset + length) return false
    this.bytes = slab.bytes.subarray(byteOffset, byteOffset + length + bytes.length)
    // One hold is enough for all of it.
    slab.letGo()
    return true
  }

  begin(bytes: Buffer, slab: Slab | undefined): void {
    this.bytes = bytes
    this.slab = slab
  }

  /** The bytes are somebody else's now, and so is their hold. */
  clear(): void {
    this.bytes = undefined
    this.slab = undefined
  }
}
