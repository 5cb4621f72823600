/** The key derivation of PKCS #12 (RFC 7292, appendix B.2). Nothing else uses it. */
import { createHash } from 'node:crypto'

export interface Pkcs12Derivation {
  readonly passphrase: string
  readonly salt: Buffer
  readonly iterations: number
  /** A digest of at most 64 octets: `sha1`, `sha256`, `sha512` … */
  readonly digest: string
  readonly purpose: 'key' | 'iv' | 'mac'
  /** How many are wanted. */
  readonly bytes: number
}

const PURPOSES = { key: 1, iv: 2, mac: 3 } as const

/** The block size of the digest, `v` in the RFC. */
const blockOf = (digest: string): number => (/sha(384|512)/.test(digest) ? 128 : 64)

export function derivePkcs12Key(derivation: Pkcs12Derivation): Buffer {
  const { passphrase, salt, iterations, digest, purpose, bytes } = derivation
  const block = blockOf(digest)
  const diversifier = Buffer.alloc(block, PURPOSES[purpose])
  // UTF-16, big end first, with a zero at the end: B.1.
  const password = Buffer.from(`${passphrase}\0`, 'utf16le').swap16()
  const input = Buffer.concat([filled(salt, block), filled(password, block)])
  const out: Buffer[] = []
  for (let length = 0; length < bytes; ) {
    let hash = createHash(digest).update(diversifier).update(input).digest()
    for (let round = 1; round < iterations; round++) hash = createHash(digest).update(hash).digest()
    out.push(hash)
    length += hash.length
    const addend = filled(hash, block).subarray(0, block)
    for (let at = 0; at < input.length; at += block) addOne(input.subarray(at, at + block), addend)
  }
  return Buffer.concat(out).subarray(0, bytes)
}

/** Repeated up to a multiple of the block. */
function filled(bytes: Buffer, block: number): Buffer {
  if (bytes.length === 0) return bytes
  return Buffer.alloc(block * Math.ceil(bytes.length / block), bytes)
}

/** `number = number + addend + 1`, modulo its size. */
function addOne(number: Buffer, addend: Buffer): void {
  let carry = 1
  for (let at = number.length - 1; at >= 0; at--) {
    carry += (number[at] ?? 0) + (addend[at] ?? 0)
    number[at] = carry & 0xff
    carry >>= 8
  }
}
