/** Signed requests (RFC 8555 6.2, RFC 7515): flattened JSON, ES256 with the account's key, HS256 for account binding. */
import { createHash, createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto'

/** The public half of a P-256 key. The order of the members is that of RFC 7638 3.2. */
export interface PublicJwk {
  readonly crv: string
  readonly kty: string
  readonly x: string
  readonly y: string
}

export function publicJwk(privateKey: KeyObject): PublicJwk {
  const {
    crv = '',
    kty = '',
    x = '',
    y = '',
  } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { crv, kty, x, y }
}

/** RFC 7638 */
export const thumbprint = (jwk: PublicJwk): string =>
  createHash('sha256').update(JSON.stringify(jwk)).digest('base64url')

/** What a challenge is answered with (RFC 8555 8.1). */
export const keyAuthorization = (token: string, jwk: PublicJwk): string =>
  `${token}.${thumbprint(jwk)}`

export interface SignedParts {
  readonly url: string
  readonly nonce: string
  /** The URL of the account; undefined: the account is about to be made, and the key itself is sent. */
  readonly kid: string | undefined
  /** Undefined: an empty payload (POST-as-GET, RFC 8555 6.3). */
  readonly payload: unknown
}

/** The body of a request. */
export function signRequest(
  privateKey: KeyObject,
  { url, nonce, kid, payload }: SignedParts,
): string {
  const identity = kid === undefined ? { jwk: publicJwk(privateKey) } : { kid }
  const header = encode({ alg: 'ES256', ...identity, nonce, url })
  const body = payload === undefined ? '' : encode(payload)
  const signature = sign('sha256', Buffer.from(`${header}.${body}`), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return JSON.stringify({
    protected: header,
    payload: body,
    signature: signature.toString('base64url'),
  })
}

export interface AccountBinding {
  readonly kid: string
  /** base64url, as authorities give it out. */
  readonly hmacKey: string
}

/** RFC 8555 7.3.4 */
export function bindAccount(
  binding: AccountBinding,
  jwk: PublicJwk,
  newAccountUrl: string,
): unknown {
  const header = encode({ alg: 'HS256', kid: binding.kid, url: newAccountUrl })
  const payload = encode(jwk)
  const signature = createHmac('sha256', Buffer.from(binding.hmacKey, 'base64url'))
    .update(`${header}.${payload}`)
    .digest('base64url')
  return { protected: header, payload, signature }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
