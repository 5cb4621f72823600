/** WebSocket frames (RFC 6455, 5), read and written by hand. */

import { createHash } from 'node:crypto'

/** The frame types of RFC 6455, 11.8. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Larger frames end the connection with 1009. */
export const maxFrameBytes = 16 * 1024 * 1024

/** One frame, unmasked. */
export interface Frame {
  readonly isFinal: boolean
  readonly opcode: number
  readonly payload: Buffer
  readonly wasMasked: boolean
}

/** The close code for a broken rule: 1002 protocol error, 1009 too big. */
export type FrameViolation = 1002 | 1009

/** Cuts a byte stream into frames. After a violation it returns nothing more of use. */
export interface FrameReader {
  push(chunk: Buffer): { readonly frames: readonly Frame[]; readonly violation?: FrameViolation }
}

/** `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`. */
export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** Writes a frame: unmasked as a server, masked with the given 4 bytes as a client. */
export function writeFrame(
  opcode: number,
  payload: Buffer,
  { isFinal = true, mask }: { readonly isFinal?: boolean; readonly mask?: Buffer } = {},
): Buffer {
  const { length } = payload
  const head = Buffer.alloc(length < 126 ? 2 : length < 0x10000 ? 4 : 10)
  head[0] = (isFinal ? 0x80 : 0) | opcode
  head[1] = (mask ? 0x80 : 0) | (length < 126 ? length : length < 0x10000 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat(mask ? [head, mask, masked(payload, mask)] : [head, payload])
}

/** Starts at a frame boundary. */
export function createFrameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(chunk) {
      rest = Buffer.concat([rest, chunk])
      const frames: Frame[] = []
      for (;;) {
        const next = readFrame(rest)
        if (next === 'incomplete') return { frames }
        if (typeof next === 'number') return { frames, violation: next }
        frames.push(next.frame)
        rest = rest.subarray(next.bytes)
      }
    },
  }
}

type ReadFrame = { readonly frame: Frame; readonly bytes: number } | 'incomplete' | FrameViolation

function readFrame(data: Buffer): ReadFrame {
  const [first, second] = data
  if (first === undefined || second === undefined) return 'incomplete'
  const opcode = first & 0x0f
  const isFinal = (first & 0x80) !== 0
  const shortLength = second & 0x7f
  const isControl = opcode >= opcodes.close
  const isKnown = opcode <= opcodes.binary || (isControl && opcode <= opcodes.pong)
  // Reserved bits belong to extensions, and none was agreed on (5.2); control frames are short and whole (5.5).
  if ((first & 0x70) !== 0 || !isKnown) return 1002
  if (isControl && (!isFinal || shortLength > 125)) return 1002

  const lengthBytes = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0
  if (data.length < 2 + lengthBytes) return 'incomplete'
  const length = lengthBytes === 0 ? shortLength : readLength(data, lengthBytes)
  if (length > maxFrameBytes) return 1009
  const wasMasked = (second & 0x80) !== 0
  const start = 2 + lengthBytes + (wasMasked ? 4 : 0)
  const bytes = start + length
  if (data.length < bytes) return 'incomplete'
  const content = data.subarray(start, bytes)
  const payload = wasMasked ? masked(content, data.subarray(start - 4, start)) : content
  return { frame: { isFinal, opcode, payload, wasMasked }, bytes }
}

function readLength(data: Buffer, lengthBytes: 2 | 8): number {
  return lengthBytes === 2 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2))
}

function masked(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))
}
