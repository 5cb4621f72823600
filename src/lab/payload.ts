/**
 * Deterministic bytes of any length, made as they are needed. They do not repeat, so that a lost, doubled or
 * misplaced piece changes the digest, and they do not compress.
 */

import { createCipheriv, createHash } from 'node:crypto'
import { Readable } from 'node:stream'

const chunkBytes = 64 * 1024
const blockBytes = 16
const zeros = Buffer.alloc(chunkBytes)
const key = Buffer.from('lyncgate-lab-key', 'latin1')

/** The bytes from `start` up to, not including, `end`; at most one chunk is in memory at a time. */
export function* payloadChunks(start: number, end: number): Generator<Buffer> {
  // AES in counter mode can start at any block, which gives random access without storing anything.
  const counter = Buffer.alloc(blockBytes)
  counter.writeBigUInt64BE(BigInt(Math.floor(start / blockBytes)), 8)
  const cipher = createCipheriv('aes-128-ctr', key, counter)
  cipher.update(zeros.subarray(0, start % blockBytes))
  for (let at = start; at < end; at += chunkBytes) {
    yield cipher.update(zeros.subarray(0, Math.min(chunkBytes, end - at)))
  }
}

/** The same as a stream of buffers. */
export function payloadStream(start: number, end: number): Readable {
  return Readable.from(payloadChunks(start, end), { objectMode: false })
}

/** SHA-256, hexadecimal, of the bytes from `start` up to `end`. */
export function payloadSha256(start: number, end: number): string {
  const hash = createHash('sha256')
  for (const chunk of payloadChunks(start, end)) hash.update(chunk)
  return hash.digest('hex')
}
