/** An NTLM sign-in through a proxy: three legs on one connection, then what that connection and another one are worth. */
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { findChallenge, type NtlmCredentials, signIn } from '../ntlm/ntlm-client.ts'
import { drainAnswer } from './drain-answer.ts'
import type { Roots } from './roots.ts'
import type { Endpoint } from './surroundings.ts'

export type SignInAnswer =
  | {
      readonly kind: 'answered'
      /** Whether a challenge came (type 2); without one the password was not used. */
      readonly isChallenged: boolean
      /** The status that credentials got. */
      readonly signedIn: number
      /** The status of the next request on the same connection, without credentials; undefined: it was closed. */
      readonly again: number | undefined
      /** The status of a request on a new connection, without credentials. */
      readonly stranger: number
    }
  | { readonly kind: 'failed'; readonly reason: string }

export interface SignInOptions {
  readonly host: string
  readonly path: string
  readonly credentials: NtlmCredentials
  readonly timeoutMs: number
  /** The certificate must lead to one of these: a password is answered for to nobody else. */
  readonly roots: Roots
}

interface Answer {
  readonly status: number
  /** Which connection it came by. */
  readonly socket: object
  all(name: string): readonly string[]
}

/** Signs in once, so that a wrong password counts once. Never throws. */
export async function probeSignIn(
  endpoint: Endpoint,
  options: SignInOptions,
): Promise<SignInAnswer> {
  const own = createClient(endpoint, options)
  const other = createClient(endpoint, options)
  try {
    let isChallenged = false
    const last = await signIn(async (authorization) => {
      const answer = await own.get({ authorization })
      isChallenged ||= findChallenge(answer.all('www-authenticate')) !== undefined
      return answer
    }, options.credentials)
    const next = await own.get({})
    const stranger = await other.get({})
    return {
      kind: 'answered',
      isChallenged,
      signedIn: last.status,
      again: next.socket === last.socket ? next.status : undefined,
      stranger: stranger.status,
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { kind: 'failed', reason: code ?? message }
  } finally {
    own.close()
    other.close()
  }
}

/** A client with one connection. */
function createClient(
  { address, port }: Endpoint,
  { host, path, roots, timeoutMs }: SignInOptions,
): { get(fields: Readonly<Record<string, string>>): Promise<Answer>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ca = [...roots.values()].flat().map(({ certificate }) => certificate.toString())
  const get = (fields: Readonly<Record<string, string>>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request({
        agent,
        host: address,
        port,
        path,
        servername: host,
        ca,
        maxHeaderSize: 64 * 1024,
        headers: { host, ...fields, 'user-agent': 'lyncgate-preflight' },
      })
      const timer = setTimeout(() => asked.destroy(new Error('time-out')), timeoutMs)
      asked.on('close', () => clearTimeout(timer))
      asked.on('error', reject)
      asked.on('response', (response) => {
        const { socket } = response
        drainAnswer(response).then(() => resolve(answerOf(response, socket)), reject)
      })
      asked.end()
    })
  return { get, close: () => agent.destroy() }
}

const answerOf = ({ statusCode = 0, rawHeaders }: IncomingMessage, socket: object): Answer => ({
  status: statusCode,
  socket,
  all: (name) =>
    rawHeaders.filter(
      (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase(),
    ),
})
