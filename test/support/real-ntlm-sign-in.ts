/** NTLM legs over a connection under the test's control. */

import { fieldValues, type RawAnswer, type RawConnection } from './real-connection.ts'
import { type NtlmUser, ntlmAuthenticate, ntlmNegotiate } from './real-ntlm-client.ts'

/** The document that names the user it is shown to. */
export const whoami = 'GET /ntlm/whoami.shtml'

/** Sends the first leg and returns the server's challenge. */
export async function ntlmChallenge(connection: RawConnection): Promise<string> {
  const answer = await connection.request(whoami, [`Authorization: NTLM ${ntlmNegotiate()}`])
  const [challenge = ''] = fieldValues(answer, 'www-authenticate')
  if (answer.status !== 401 || !challenge.startsWith('NTLM ')) {
    throw new Error(`no challenge but ${answer.status} ${challenge}`)
  }
  return challenge.slice('NTLM '.length)
}

/** Sends the last leg: the answer to a challenge. */
export function ntlmProof(
  connection: RawConnection,
  challenge: string,
  user: NtlmUser,
): Promise<RawAnswer> {
  const proof = ntlmAuthenticate(challenge, user)
  return connection.request(whoami, [`Authorization: NTLM ${proof}`])
}

/** Signs in and returns the answer to the last leg. */
export async function ntlmSignIn(connection: RawConnection, user: NtlmUser): Promise<RawAnswer> {
  return ntlmProof(connection, await ntlmChallenge(connection), user)
}
