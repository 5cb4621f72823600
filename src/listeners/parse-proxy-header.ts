/**
 * The PROXY protocol, versions 1 and 2, as HAProxy's proxy-protocol.txt has it; sections below are those of that text.
 * What does not match exactly is refused, its beginning as soon as it is there.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { canonicalIp } from '../config/network.ts'
import { crc32c } from './crc32c.ts'

export type ProxyHeader =
  /** @property atLeast bytes that must be there before another look is worth while */
  | { readonly kind: 'incomplete'; readonly atLeast: number }
  | { readonly kind: 'malformed'; readonly reason: string }
  | {
      readonly kind: 'complete'
      /** Bytes of the header; the client's own begin behind it. */
      readonly length: number
      /** The client's address in its shortest spelling, IPv4-mapped IPv6 as IPv4. Undefined: it is not named. */
      readonly source: string | undefined
    }

/** Section 2.1: the longest line, CRLF included. */
const MOST_V1_BYTES = 107

/**
 * Version 2 could announce 64 KiB. What balancers send is below 536 (section 2), and may hold a client certificate, which
 * this leaves room for.
 */
export const MOST_V2_BYTES = 4_096

const V1_START = Buffer.from('PROXY ', 'latin1')
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Signature, version and command, family and protocol, length. */
const V2_FIXED_BYTES = 16

/** Reads a header at the beginning of `bytes`, which are all that came so far. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (bytes.length === 0) return { kind: 'incomplete', atLeast: 1 }
  const start = bytes[0] === V1_START[0] ? V1_START : V2_START
  const common = Math.min(bytes.length, start.length)
  if (bytes.compare(start, 0, common, 0, common) !== 0) return malformed('not a PROXY header')
  if (common < start.length) return { kind: 'incomplete', atLeast: start.length }
  return start === V1_START ? parseLine(bytes) : parseBinary(bytes)
}

const malformed = (reason: string): ProxyHeader => ({ kind: 'malformed', reason })

function parseLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, MOST_V1_BYTES).indexOf('\r\n')
  if (end === -1) {
    if (bytes.length >= MOST_V1_BYTES) return malformed('line too long')
    return { kind: 'incomplete', atLeast: bytes.length + 1 }
  }
  const length = end + 2
  const line = bytes.toString('latin1', V1_START.length, end)
  // "The receiver must ignore anything presented before the CRLF."
  if (line === 'UNKNOWN' || line.startsWith('UNKNOWN '))
    return { kind: 'complete', length, source: undefined }
  const [family, source = '', destination = '', ...ports] = line.split(' ')
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : undefined
  if (!isAddress) return malformed('unknown protocol')
  if (!isAddress(source) || !isAddress(destination)) return malformed('bad address')
  if (ports.length !== 2 || !ports.every(isPort)) return malformed('bad port')
  return { kind: 'complete', length, source: clientOf(source) }
}

/** `isIPv6` alone would let a zone pass. */
const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes('%')

const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535

const LOCAL = 0x20
const PROXY = 0x21

interface Family {
  /** Bytes of both addresses and ports. */
  readonly bytes: number
  /** The client's address; undefined: one that is no IP address. */
  readonly source: ((block: Buffer) => string) | undefined
}

/**
 * Section 2.2, families with a stream: TCP over IPv4 and IPv6. What is no TCP connection at all is refused; what comes
 * from a socket without an IP address is served without one, as section 2.2 asks.
 */
const families: Readonly<Record<number, Family>> = {
  0: { bytes: 0, source: undefined },
  17: { bytes: 12, source: (block) => block.subarray(0, 4).join('.') },
  33: { bytes: 36, source: (block) => clientOf(ipv6Of(block.subarray(0, 16))) },
  49: { bytes: 216, source: undefined },
}

function parseBinary(bytes: Buffer): ProxyHeader {
  const command = bytes[12]
  if (command === undefined) return { kind: 'incomplete', atLeast: V2_FIXED_BYTES }
  if (command !== LOCAL && command !== PROXY) return malformed('unknown version or command')
  if (bytes.length < V2_FIXED_BYTES) return { kind: 'incomplete', atLeast: V2_FIXED_BYTES }
  const family = families[bytes.readUInt8(13)]
  // The family of a LOCAL header is ignored.
  if (command === PROXY && !family) return malformed('unknown protocol')
  const length = V2_FIXED_BYTES + bytes.readUInt16BE(14)
  if (length > MOST_V2_BYTES) return malformed('header too long')
  if (bytes.length < length) return { kind: 'incomplete', atLeast: length }
  if (command === LOCAL || !family) return { kind: 'complete', length, source: undefined }
  const vectorsAt = V2_FIXED_BYTES + family.bytes
  if (length < vectorsAt) return malformed('no room for the addresses')
  const trouble = checkVectors(bytes.subarray(0, length), vectorsAt)
  if (trouble !== undefined) return malformed(trouble)
  const source = family.source?.(bytes.subarray(V2_FIXED_BYTES, vectorsAt))
  return { kind: 'complete', length, source }
}

const CRC32C = 0x03

/** Type, length, value, to the end exactly. All are skipped but the checksum. */
function checkVectors(header: Buffer, from: number): string | undefined {
  let isChecked = false
  for (let at = from; at < header.length; ) {
    const valueAt = at + 3
    if (valueAt > header.length) return 'broken TLV'
    const end = valueAt + header.readUInt16BE(at + 1)
    if (end > header.length) return 'broken TLV'
    if (header[at] === CRC32C) {
      // A second one would make the first one wrong: it is reckoned with its own field zero only.
      if (isChecked || end - valueAt !== 4) return 'broken TLV'
      isChecked = true
      const zeroed = Buffer.from(header)
      zeroed.fill(0, valueAt, end)
      if (crc32c(zeroed) !== header.readUInt32BE(valueAt)) return 'wrong checksum'
    }
    at = end
  }
  return undefined
}

const ipv6Of = (bytes: Buffer): string =>
  Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':')

/** HAProxy writes an IPv4 client so when the connection has an IPv6 side. */
const MAPPED = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/

function clientOf(address: string): string {
  const canonical = canonicalIp(address)
  const [, high, low] = MAPPED.exec(canonical) ?? []
  if (high === undefined || low === undefined) return canonical
  const bits = [high, low].map((group) => Number.parseInt(group, 16))
  return bits.flatMap((group) => [group >> 8, group & 0xff]).join('.')
}
