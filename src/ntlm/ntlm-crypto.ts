/** The arithmetic of NTLMv2 (MS-NLMP 3.3.2), shared by the lab's server and client. */

import { createHmac } from 'node:crypto'
import { md4 } from './md4.ts'

/** NTOWFv1: MD4 of the password in UTF-16LE. */
export function ntHash(password: string): Buffer {
  return md4(Buffer.from(password, 'utf16le'))
}

/** NTOWFv2: the key that belongs to this user in this domain. The domain's case counts, the user's does not. */
export function ntlmV2Key(user: string, domain: string, password: string): Buffer {
  return hmacMd5(ntHash(password), Buffer.from(user.toUpperCase() + domain, 'utf16le'))
}

/** NTProofStr: shows that who made the blob has the key and saw the server's challenge. 16 bytes. */
export function ntProof(key: Buffer, serverChallenge: Buffer, blob: Buffer): Buffer {
  return hmacMd5(key, Buffer.concat([serverChallenge, blob]))
}

/** The LMv2 response: 16 bytes of proof and the client's 8 byte challenge. */
export function lmV2Response(
  key: Buffer,
  serverChallenge: Buffer,
  clientChallenge: Buffer,
): Buffer {
  return Buffer.concat([ntProof(key, serverChallenge, clientChallenge), clientChallenge])
}

function hmacMd5(key: Buffer, data: Buffer): Buffer {
  return createHmac('md5', key).update(data).digest()
}
