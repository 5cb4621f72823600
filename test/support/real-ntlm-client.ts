/**
 * The client's half of NTLMv2, byte by byte ([MS-NLMP] 2.2.1 and 3.3.2), so that a test decides on
 * which connection each leg travels. curl does the same by itself but never twists the order.
 */

import { createHmac, randomBytes } from 'node:crypto'

/** An account that NTLM knows. */
export interface NtlmUser {
  readonly domain: string
  readonly name: string
  readonly password: string
  /** MD4 of the password in UTF-16LE: a constant, since OpenSSL 3 has put MD4 away. */
  readonly passwordHash: string
}

/** The account of these tests, and the one who must never be taken for her. */
export const alice: NtlmUser = {
  domain: 'CONTOSO',
  name: 'alice',
  password: 'Pa-alice1',
  passwordHash: '4fb05baa46d2a6671cc197867b89bfab',
}

/** The second account. */
export const bob: NtlmUser = {
  domain: 'CONTOSO',
  name: 'bob',
  password: 'Pa-bob2',
  passwordHash: '4c0405fba9a25f71d1cbfd9bcbb74b50',
}

/** Every account. */
export const ntlmUsers: readonly NtlmUser[] = [alice, bob]

/** How the server names a user. */
export const ntlmName = (user: NtlmUser): string => `${user.domain}\\${user.name}`

// UNICODE, REQUEST_TARGET, NTLM, ALWAYS_SIGN, EXTENDED_SESSIONSECURITY, VERSION, 128, 56
const flags = 0xa2088205
const version = Buffer.from('0a00000000000f', 'hex')
const signature = Buffer.from('NTLMSSP\0')

/** The first message: what the client can do. The server refuses one without the version field. */
export function ntlmNegotiate(): string {
  const message = Buffer.alloc(40)
  signature.copy(message)
  message.writeUInt32LE(1, 8)
  message.writeUInt32LE(flags, 12)
  version.copy(message, 32)
  return message.toString('base64')
}

/** The third message: the proof that the client knows the password, for this challenge only. */
export function ntlmAuthenticate(challenge: string, user: NtlmUser): string {
  const { serverChallenge, targetInfo } = readChallenge(Buffer.from(challenge, 'base64'))
  const key = hmacMd5(
    Buffer.from(user.passwordHash, 'hex'),
    Buffer.from(user.name.toUpperCase() + user.domain, 'utf16le'),
  )
  const blob = Buffer.concat([
    Buffer.from('0101000000000000', 'hex'),
    timestamp(targetInfo),
    randomBytes(8),
    Buffer.alloc(4),
    targetInfo,
    Buffer.alloc(4),
  ])
  const proof = hmacMd5(key, Buffer.concat([serverChallenge, blob]))
  // In the order of the fields: LM and NT response, domain, user, workstation, session key.
  return writeAuthenticate([
    Buffer.alloc(24),
    Buffer.concat([proof, blob]),
    Buffer.from(user.domain, 'utf16le'),
    Buffer.from(user.name, 'utf16le'),
    Buffer.from('TEST', 'utf16le'),
    Buffer.alloc(0),
  ])
}

function writeAuthenticate(fields: readonly Buffer[]): string {
  const head = Buffer.alloc(72)
  signature.copy(head)
  head.writeUInt32LE(3, 8)
  let offset = head.length
  for (const [index, field] of fields.entries()) {
    head.writeUInt16LE(field.length, 12 + index * 8)
    head.writeUInt16LE(field.length, 14 + index * 8)
    head.writeUInt32LE(offset, 16 + index * 8)
    offset += field.length
  }
  head.writeUInt32LE(flags, 60)
  version.copy(head, 64)
  return Buffer.concat([head, ...fields]).toString('base64')
}

function readChallenge(message: Buffer): { serverChallenge: Buffer; targetInfo: Buffer } {
  if (message.readUInt32LE(8) !== 2) throw new Error('not an NTLM challenge')
  const start = message.readUInt32LE(44)
  return {
    serverChallenge: message.subarray(24, 32),
    targetInfo: message.subarray(start, start + message.readUInt16LE(40)),
  }
}

/** The server's clock if it tells it (pair 7 of the target information): it must be the one used. */
function timestamp(targetInfo: Buffer): Buffer {
  for (let at = 0; at + 4 <= targetInfo.length; at += 4 + targetInfo.readUInt16LE(at + 2)) {
    if (targetInfo.readUInt16LE(at) === 7) return targetInfo.subarray(at + 4, at + 12)
  }
  const now = Buffer.alloc(8)
  now.writeBigUInt64LE((BigInt(Date.now()) + 11_644_473_600_000n) * 10_000n)
  return now
}

function hmacMd5(key: Buffer, data: Buffer): Buffer {
  return createHmac('md5', key).update(data).digest()
}
