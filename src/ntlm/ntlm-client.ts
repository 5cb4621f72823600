/** The client's side of NTLMv2: for tests, and for probing a real deployment. */

import { randomBytes } from 'node:crypto'
import { lmV2Response, ntlmV2Key, ntProof } from './ntlm-crypto.ts'
import {
  layOutMessage,
  type NtlmChallenge,
  ntlmFlags,
  readChallenge,
  readTargetInfo,
  targetInfoIds,
  windowsTime,
} from './ntlm-message.ts'

const clientFlags =
  ntlmFlags.unicode |
  ntlmFlags.requestTarget |
  ntlmFlags.ntlm |
  ntlmFlags.alwaysSign |
  ntlmFlags.extendedSessionSecurity |
  ntlmFlags.targetInfo |
  ntlmFlags.strength128

/** Whom to sign in. */
export interface NtlmCredentials {
  readonly user: string
  readonly domain: string
  readonly password: string
  readonly workstation?: string
}

/** What varies from one type 3 to the next; fixed only to check against published vectors. */
export interface NtlmNonce {
  /** 8 bytes. */
  readonly clientChallenge: Buffer
  /** 8 bytes as `windowsTime` makes them; the server's own time goes before this one. */
  readonly time: Buffer
}

/** The opening message, type 1. */
export function createNegotiate(): Buffer {
  const message = layOutMessage({ type: 1, fixedBytes: 32, fields: [] })
  message.writeUInt32LE(clientFlags | ntlmFlags.oem, 12)
  return message
}

/**
 * Finds the type 2 among the `WWW-Authenticate` values of a 401, under either scheme.
 * `undefined` when there is none or it makes no sense.
 */
export function findChallenge(wwwAuthenticate: readonly string[]): NtlmChallenge | undefined {
  for (const value of wwwAuthenticate) {
    const token = /^(?:ntlm|negotiate) +([^\s,]+)$/i.exec(value.trim())?.[1]
    const challenge = token && readChallenge(Buffer.from(token, 'base64'))
    if (challenge) return challenge
  }
  return undefined
}

/** The answer to a challenge, type 3 with NTLMv2. */
export function createAuthenticate(
  challenge: NtlmChallenge,
  credentials: NtlmCredentials,
  nonce: NtlmNonce = { clientChallenge: randomBytes(8), time: windowsTime(new Date()) },
): Buffer {
  const { user, domain, password, workstation = 'LAB' } = credentials
  const key = ntlmV2Key(user, domain, password)
  const serverTime = readTargetInfo(challenge.targetInfo).get(targetInfoIds.timestamp)
  const blob = writeBlob(challenge, nonce.clientChallenge, serverTime ?? nonce.time)
  // A server that tells its time is not to be sent an LMv2 response (MS-NLMP 3.1.5.1.2).
  const lmResponse = serverTime
    ? Buffer.alloc(24)
    : lmV2Response(key, challenge.serverChallenge, nonce.clientChallenge)
  const text = (value: string) => Buffer.from(value, 'utf16le')
  const message = layOutMessage({
    type: 3,
    fixedBytes: 64,
    fields: [
      [28, text(domain)],
      [36, text(user)],
      [44, text(workstation)],
      [12, lmResponse],
      [20, Buffer.concat([ntProof(key, challenge.serverChallenge, blob), blob])],
      [52, Buffer.alloc(0)],
    ],
  })
  message.writeUInt32LE(clientFlags, 60)
  return message
}

/** NTLMv2_CLIENT_CHALLENGE (MS-NLMP 2.2.2.7): version, time, the client's challenge, the target information. */
function writeBlob(challenge: NtlmChallenge, clientChallenge: Buffer, time: Buffer): Buffer {
  const version = Buffer.from([1, 1, 0, 0, 0, 0, 0, 0])
  const zeros = Buffer.alloc(4)
  return Buffer.concat([version, time, clientChallenge, zeros, challenge.targetInfo, zeros])
}

/** The part of a response that carries challenges; a `RawResponse` has it. */
interface Challenged {
  all(name: string): readonly string[]
}

/**
 * Signs in on one connection, with `NTLM` or with NTLM inside `Negotiate`.
 * Resolves with the response to the type 3, or with the 401 that held no usable challenge.
 */
export async function signIn<Response extends Challenged>(
  send: (authorization: string) => Promise<Response>,
  credentials: NtlmCredentials,
  scheme: 'NTLM' | 'Negotiate' = 'NTLM',
): Promise<Response> {
  const offered = await send(`${scheme} ${createNegotiate().toString('base64')}`)
  const challenge = findChallenge(offered.all('WWW-Authenticate'))
  if (!challenge) return offered
  const message = createAuthenticate(challenge, credentials)
  return send(`${scheme} ${message.toString('base64')}`)
}
