/** The proof that a name leads here, for the authority that was asked for its certificate. */
import type { ChallengeStore } from '../acme/challenge-store.ts'
import type { Exchange } from './exchange.ts'
import { challengeAnswer, type OwnAnswer } from './respond.ts'

/** Undefined: nobody waits for this; the request goes its normal way. Plain HTTP alone is asked (RFC 8555 8.3). */
export function answerChallenge(
  { connection, req, host, target }: Exchange,
  challenges: ChallengeStore,
): OwnAnswer | undefined {
  if (connection.arrival.isTls || req.method !== 'GET') return undefined
  const keyAuthorization = challenges.answerTo(host, target)
  return keyAuthorization === undefined ? undefined : challengeAnswer(keyAuthorization)
}
