/** What an NTLM sign-in through the proxy says about its connections. */
import type { NtlmCredentials } from '../../ntlm/ntlm-client.ts'
import type { Judgement } from '../finding.ts'
import type { SignInAnswer } from '../sign-in-probe.ts'
import type { Endpoint, Probes } from '../surroundings.ts'

const check = 'ntlm-sign-in'

/** A service behind NTLM that every version has. */
const signInPath = '/abs/handler'

export type SignInTest = (
  probes: Probes,
  host: string,
  endpoint: Endpoint,
) => Promise<Judgement | undefined>

/**
 * One sign-in for each name, at the first of its addresses, and none any more after a refusal: a wrong password must not
 * lock the account.
 */
export function createSignInTest(credentials: NtlmCredentials): SignInTest {
  const tried = new Set<string>()
  let wasRefused = false
  return async (probes, host, endpoint) => {
    if (tried.has(host)) return undefined
    tried.add(host)
    if (wasRefused)
      return { verdict: 'skip', check, seen: 'not tried: the account was refused before' }
    const answer = await probes.signIn(endpoint, { host, path: signInPath }, credentials)
    wasRefused = answer.kind === 'answered' && answer.signedIn === 401
    return judgeSignIn(answer)
  }
}

/** One sign-in with an account that the user gave. */
export function judgeSignIn(answer: SignInAnswer): Judgement {
  if (answer.kind === 'failed')
    return {
      verdict: 'skip',
      check,
      seen: `not signed in (${answer.reason})`,
      means: 'An account is used only where the certificate is good and the server answers.',
      advice:
        'Put the other findings right first; name the root of an authority of your own with --ca.',
    }
  const { isChallenged, signedIn, again, stranger } = answer
  if (stranger !== 401)
    return {
      verdict: 'fail',
      check,
      concerns: ['Lync', 'Skype for Business'],
      seen: `after the sign-in another connection gets ${stranger} without credentials`,
      means: isChallenged
        ? 'Strangers are served as somebody who has signed in: the proxy shares connections to the servers between clients.'
        : 'The service is open without a sign-in.',
      advice:
        'Take the proxy out of service. Every client connection needs connections to the servers of its own.',
    }
  if (!isChallenged)
    return {
      verdict: 'fail',
      check,
      seen: `${signInPath} gives ${signedIn} to the first message, and no challenge`,
      means: 'Nobody can sign in with NTLM.',
      advice: 'The proxy must pass Authorization and WWW-Authenticate unchanged.',
    }
  if (signedIn === 401)
    return {
      verdict: 'fail',
      check,
      seen: 'refused after all three messages',
      means:
        'The account or its password is wrong, or the three messages did not reach the server on one connection: then users are asked for a password again and again.',
      advice:
        'Try the account against the server itself. If that works, the proxy balances or shares connections between the messages.',
    }
  if (again === undefined || again === 401)
    return {
      verdict: 'warn',
      check,
      seen: `signed in (${signedIn}), and ${again === undefined ? 'the connection was closed' : 'asked again on the same connection'}`,
      means: 'Each request costs three: slow, and many sign-ins for the domain controllers.',
      advice: 'Keep client connections and connections to the servers open and together.',
    }
  return {
    verdict: 'pass',
    check,
    seen: `signed in (${signedIn}); the connection stays signed in, and no other one is`,
  }
}
