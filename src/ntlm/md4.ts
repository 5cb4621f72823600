/** MD4 (RFC 1320): NTLM's password hash needs it, and OpenSSL 3 no longer offers it. For the lab only. */

const blockBytes = 64
const roundShifts = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
] as const
const roundConstants = [0, 0x5a827999, 0x6ed9eba1] as const
const roundOrders = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
] as const
const roundFunctions = [
  (x: number, y: number, z: number) => (x & y) | (~x & z),
  (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
  (x: number, y: number, z: number) => x ^ y ^ z,
] as const

type State = readonly [number, number, number, number]

/** The 16-byte MD4 digest of the data. */
export function md4(data: Buffer): Buffer {
  let state: State = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  const padded = pad(data)
  for (let at = 0; at < padded.length; at += blockBytes) {
    state = digestBlock(state, padded.subarray(at, at + blockBytes))
  }
  const digest = Buffer.alloc(16)
  for (const [index, word] of state.entries()) digest.writeUInt32LE(word >>> 0, index * 4)
  return digest
}

function digestBlock(before: State, block: Buffer): State {
  let [a, b, c, d] = before
  for (const [round, order] of roundOrders.entries()) {
    const mix = roundFunctions[round] ?? roundFunctions[0]
    const shifts = roundShifts[round] ?? roundShifts[0]
    for (const [step, wordIndex] of order.entries()) {
      const sum =
        a + mix(b, c, d) + block.readUInt32LE(wordIndex * 4) + (roundConstants[round] ?? 0)
      const turned = rotateLeft(sum | 0, shifts[step % 4] ?? 0)
      a = d
      d = c
      c = b
      b = turned
    }
  }
  return [(before[0] + a) | 0, (before[1] + b) | 0, (before[2] + c) | 0, (before[3] + d) | 0]
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** A one bit, zeros, and the length in bits as 64 little-endian bits, up to a whole block. */
function pad(data: Buffer): Buffer {
  const total = Math.ceil((data.length + 9) / blockBytes) * blockBytes
  const padded = Buffer.alloc(total)
  data.copy(padded)
  padded[data.length] = 0x80
  padded.writeBigUInt64LE(BigInt(data.length) * 8n, total - 8)
  return padded
}
