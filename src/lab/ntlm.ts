/**
 * NTLM as IIS does it: the TCP connection is authenticated, not the request. A type 3 counts only on the
 * connection that was given the challenge; afterwards every request on it is that user's.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { ntlmV2Key, ntProof } from '../ntlm/ntlm-crypto.ts'
import {
  layOutMessage,
  ntlmFlags,
  ntlmMessageType,
  readAuthenticate,
  targetInfoIds,
  windowsTime,
  writeTargetInfo,
} from '../ntlm/ntlm-message.ts'
import { answer, type LabExchange, showUser } from './exchange.ts'
import { findUser, type LabUser } from './users.ts'

const schemes = ['Negotiate', 'NTLM'] as const

/**
 * The user of this connection. Where there is none yet, one leg of the handshake is answered with 401 and the
 * result is `undefined`. Messages that make no sense are answered like a wrong password.
 */
export function requireUser(exchange: LabExchange): LabUser | undefined {
  const { connection, res, req } = exchange
  const [, scheme = '', token = ''] =
    /^(ntlm|negotiate) +(\S+)$/i.exec(req.headers.authorization ?? '') ?? []
  if (!scheme) return connection.user ?? demandCredentials(exchange)

  // Credentials on a connection start over: whoever was signed in there is so no longer.
  const challenge = connection.challenge
  connection.challenge = undefined
  connection.user = undefined
  res.removeHeader('X-Lab-User')

  const message = Buffer.from(token, 'base64')
  if (ntlmMessageType(message) === 1) return sendChallenge(exchange, scheme)
  const user = challenge && judge(exchange, message, challenge)
  if (!user) return demandCredentials(exchange)
  connection.user = user
  res.setHeader('Persistent-Auth', 'true')
  showUser(exchange, user)
  return user
}

/** As `verify`, and the domain counts it. */
function judge({ accounts }: LabExchange, message: Buffer, challenge: Buffer): LabUser | undefined {
  const claim = readAuthenticate(message)
  const user = verify(message, challenge)
  return claim && accounts.judge(claim.user, user !== undefined) ? user : undefined
}

/** Finds whose type 3 this is: NTLMv2 only, for a known user with the right password and this challenge. */
export function verify(message: Buffer, serverChallenge: Buffer): LabUser | undefined {
  const claim = readAuthenticate(message)
  // 16 bytes of proof and the 28 fixed bytes of the blob; anything shorter is NTLMv1, LM or anonymous.
  if (!claim || claim.ntResponse.length < 44) return undefined
  const user = findUser(claim.user)
  if (!user) return undefined
  const key = ntlmV2Key(claim.user, claim.domain, user.password)
  const expected = ntProof(key, serverChallenge, claim.ntResponse.subarray(16))
  return timingSafeEqual(expected, claim.ntResponse.subarray(0, 16)) ? user : undefined
}

/** A type 2 like that of a domain member: names, time and a challenge of 8 bytes. */
export function writeChallenge(serverChallenge: Buffer, computer: string): Buffer {
  const text = (value: string) => Buffer.from(value, 'utf16le')
  const targetInfo = writeTargetInfo(
    new Map([
      [targetInfoIds.netbiosDomain, text('CONTOSO')],
      [targetInfoIds.netbiosComputer, text(computer.toUpperCase())],
      [targetInfoIds.dnsDomain, text('contoso.local')],
      [targetInfoIds.dnsComputer, text(`${computer}.contoso.local`)],
      [targetInfoIds.timestamp, windowsTime(new Date())],
    ]),
  )
  const message = layOutMessage({
    type: 2,
    fixedBytes: 56,
    fields: [
      [12, text('CONTOSO')],
      [40, targetInfo],
    ],
  })
  const { unicode, requestTarget, ntlm, alwaysSign, targetTypeDomain } = ntlmFlags
  const { extendedSessionSecurity, targetInfo: hasTargetInfo, version, strength128 } = ntlmFlags
  const identity = unicode | requestTarget | ntlm | targetTypeDomain | hasTargetInfo | version
  message.writeUInt32LE(identity | alwaysSign | extendedSessionSecurity | strength128, 20)
  serverChallenge.copy(message, 24)
  // Version: Windows 10.0, build 20348, NTLM revision 15.
  message.set([10, 0, 0x7c, 0x4f, 0, 0, 0, 15], 48)
  return message
}

function sendChallenge(exchange: LabExchange, scheme: string): undefined {
  const serverChallenge = randomBytes(8)
  exchange.connection.challenge = serverChallenge
  const message = writeChallenge(serverChallenge, exchange.entry.record.server)
  // Only the scheme in use is offered now, spelt as IIS spells it.
  const spelling = schemes.find((known) => known.toLowerCase() === scheme.toLowerCase()) ?? scheme
  refuse(exchange, [`${spelling} ${message.toString('base64')}`])
}

function demandCredentials(exchange: LabExchange): undefined {
  refuse(exchange, schemes)
}

function refuse(exchange: LabExchange, offers: readonly string[]): void {
  answer(exchange, {
    status: 401,
    headers: { 'WWW-Authenticate': [...offers] },
    body: '<h1>401 - Unauthorized: Access is denied due to invalid credentials.</h1>\n',
  })
}
