/** Web tickets and bearer tokens: signed statements, valid on every server of the lab like those of a pool. */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { findUser, type LabUser } from './users.ts'

/** Microsoft: a token lives for eight hours. */
export const tokenLifetimeSeconds = 8 * 60 * 60

/** Issues and recognizes the lab's tokens. */
export interface Tokens {
  issue(user: LabUser): string
  /** A SAML-like assertion around a token, to be sent back base64-encoded in `X-MS-WebTicket: opaque=…`. */
  issueAssertion(user: LabUser): string
  /** Whose web ticket or bearer token the request carries: `none`, `bad` for one that is not valid. */
  read(req: IncomingMessage): LabUser | 'none' | 'bad'
}

/** Starts with a fresh key; tokens of another lab are not valid here. */
export function createTokens(): Tokens {
  const key = randomBytes(32)
  const sign = (text: string) => createHmac('sha256', key).update(text).digest('base64url')

  function issue(user: LabUser): string {
    const expires = Math.floor(Date.now() / 1000) + tokenLifetimeSeconds
    const statement = Buffer.from(`${user.name}|${expires}`).toString('base64url')
    return `${statement}.${sign(statement)}`
  }

  function verify(token: string): LabUser | 'bad' {
    const [statement = '', signature = ''] = token.split('.')
    const expected = Buffer.from(sign(statement))
    const actual = Buffer.from(signature)
    if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) return 'bad'
    const [name = '', expires] = Buffer.from(statement, 'base64url').toString().split('|')
    return (Number(expires) * 1000 > Date.now() && findUser(name)) || 'bad'
  }

  function issueAssertion(user: LabUser): string {
    return [
      '<saml:Assertion MajorVersion="1" MinorVersion="1" Issuer="pool01.contoso.local"',
      ' xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion">',
      `<saml:NameIdentifier>${user.sipAddress}</saml:NameIdentifier>`,
      `<SignatureValue>${issue(user)}</SignatureValue></saml:Assertion>`,
    ].join('')
  }

  function read(req: IncomingMessage): LabUser | 'none' | 'bad' {
    const bearer = /^bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
    if (bearer) return verify(bearer)
    const opaque = /^opaque="?([^"]+)/i.exec(String(req.headers['x-ms-webticket'] ?? ''))?.[1]
    if (!opaque) return 'none'
    const assertion = Buffer.from(opaque, 'base64').toString()
    return verify(/<SignatureValue>([^<]+)/.exec(assertion)?.[1] ?? '')
  }

  return { issue, issueAssertion, read }
}
