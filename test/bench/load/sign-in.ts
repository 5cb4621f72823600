/** A sign-in with NTLM: three legs on one connection, as the clients of Lync make it. */
import { labUsers } from '../../../src/lab/users.ts'
import {
  createAuthenticate,
  createNegotiate,
  findChallenge,
} from '../../../src/ntlm/ntlm-client.ts'
import type { BenchClient } from './client.ts'

const authorization = (message: Buffer): string =>
  `Authorization: NTLM ${message.toString('base64')}\r\n`

/** The name of the user, taken in turn from the people of the lab. */
export const userNumber = (at: number): string => userAt(at).name

const userAt = (at: number) => {
  const user = labUsers[at % labUsers.length]
  if (!user) throw new Error('the lab has no users')
  return user
}

/** Signs in; undefined when all went well, else what was wrong. Further requests must still be that user's. */
export async function signInOn(
  client: BenchClient,
  at: number,
  furtherRequests = 0,
): Promise<string | undefined> {
  const user = userAt(at)
  const first = await client.ask('/ntlm')
  if (first.status !== 401) return `a stranger is answered with ${first.status} ${first.body}`
  const offered = await client.ask('/ntlm', authorization(createNegotiate()))
  const [, offer = ''] = /^www-authenticate: *(.*)$/im.exec(offered.head) ?? []
  const challenge = findChallenge([offer.trim()])
  if (!challenge) return `no challenge, but ${offered.status} ${offer}`
  const proof = authorization(createAuthenticate(challenge, { ...user, user: user.name }))
  for (let request = 0; request <= furtherRequests; request++) {
    const { status, body } = await client.ask('/ntlm', request === 0 ? proof : '')
    if (status !== 200) return `${user.name} is refused with ${status}`
    if (body !== user.name) return `${user.name} is served as ${body}`
  }
  return undefined
}
