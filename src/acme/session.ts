/**
 * A conversation with one authority (RFC 8555): its directory, nonces, signed requests, and the account. Everything in it
 * throws AcmeTrouble or errors of the system.
 */
import type { KeyObject } from 'node:crypto'
import { AcmeTrouble, hintFor, printable } from './acme-trouble.ts'
import { asMap } from './as-map.ts'
import { type HttpsAnswer, requestHttps } from './https-request.ts'
import { type AccountBinding, bindAccount, publicJwk, signRequest } from './jws.ts'
import { retryAfterMs } from './schedule.ts'

export interface Account {
  /** P-256. */
  readonly key: KeyObject
  /** The URL that the authority gave it; undefined: there is none yet. */
  readonly url: string | undefined
}

export interface SessionScope {
  readonly directory: string
  /** PEM; undefined: the usual ones. */
  readonly roots: string | undefined
  readonly now: () => number
  readonly signal: AbortSignal
}

/** An answer whose body is a map. */
export interface Answer {
  readonly body: Readonly<Record<string, unknown>>
  readonly location: string | undefined
  readonly retryAfterMs: number | undefined
}

/** Authorities refuse nonces now and then; more often than this in a row is no accident. */
const MAX_NONCES = 20

/** Members of the directory that are used. */
type Resource = 'newNonce' | 'newAccount' | 'newOrder' | 'renewalInfo'

export class Session {
  readonly #scope: SessionScope
  readonly #nonces: string[] = []
  #directory: Readonly<Record<string, unknown>> = {}
  #account: Account | undefined

  private constructor(scope: SessionScope) {
    this.#scope = scope
  }

  static async open(scope: SessionScope): Promise<Session> {
    const session = new Session(scope)
    const answer = await session.#send('GET', scope.directory)
    session.#directory = session.#read(answer).body
    return session
  }

  /** The URL of the terms; undefined: there are none. */
  get terms(): string | undefined {
    const { termsOfService } = asMap(this.#directory['meta'])
    return typeof termsOfService === 'string' ? printable(termsOfService) : undefined
  }

  get profiles(): readonly string[] {
    return Object.keys(asMap(asMap(this.#directory['meta'])['profiles']))
      .slice(0, 20)
      .map(printable)
  }

  /** The public half of the account's key. */
  get jwk() {
    if (!this.#account) throw new Error('no account yet')
    return publicJwk(this.#account.key)
  }

  /** The URL of a resource; undefined: the authority does not have it. */
  find(resource: Resource): string | undefined {
    const url = this.#directory[resource]
    return typeof url === 'string' ? url : undefined
  }

  /**
   * From here on requests are signed in the name of the account. One without URL is made, or found by its key.
   * @returns its URL
   */
  async useAccount(
    account: Account,
    wish: { readonly contact: string; readonly binding: AccountBinding | undefined },
  ): Promise<string> {
    this.#account = account
    if (account.url !== undefined) return account.url
    const { binding, contact } = wish
    const url = this.#need('newAccount')
    const { location } = await this.post(url, {
      termsOfServiceAgreed: true,
      contact: [`mailto:${contact}`],
      ...(binding && { externalAccountBinding: bindAccount(binding, this.jwk, url) }),
    })
    if (location === undefined) throw badAnswer('it gave the account no address')
    this.#account = { ...account, url: location }
    return location
  }

  newOrder(payload: unknown): Promise<Answer> {
    return this.post(this.#need('newOrder'), payload)
  }

  /** @param payload undefined: reads the resource (POST-as-GET) */
  async post(url: string, payload?: unknown): Promise<Answer> {
    return this.#read(await this.#postSigned(url, payload))
  }

  /** Reads what is no map, such as a certificate. */
  async read(url: string): Promise<string> {
    return (await this.#postSigned(url, undefined)).body
  }

  /** Without a signature, as RFC 9773 4.1 asks for it. */
  async get(url: string): Promise<Answer> {
    const answer = await this.#send('GET', url)
    if (answer.status >= 300) throw this.#troubleOf(answer)
    return this.#read(answer)
  }

  async #postSigned(url: string, payload: unknown): Promise<HttpsAnswer> {
    if (!this.#account) throw new Error('no account yet')
    const { key, url: kid } = this.#account
    for (let tries = 1; ; tries++) {
      const nonce = this.#nonces.pop() ?? (await this.#newNonce())
      const answer = await this.#send('POST', url, signRequest(key, { url, nonce, kid, payload }))
      if (answer.status < 300) return answer
      const trouble = this.#troubleOf(answer)
      // The next request takes the nonce of this very answer (RFC 8555 6.5).
      if (trouble.details.type !== 'badNonce' || tries >= MAX_NONCES) throw trouble
    }
  }

  async #newNonce(): Promise<string> {
    await this.#send('HEAD', this.#need('newNonce'))
    const nonce = this.#nonces.pop()
    if (nonce === undefined) throw badAnswer('it gave no nonce')
    return nonce
  }

  async #send(method: 'GET' | 'HEAD' | 'POST', url: string, body?: string): Promise<HttpsAnswer> {
    const { roots, signal } = this.#scope
    const answer = await requestHttps({ method, url, roots, body, signal })
    const nonce = answer.field('replay-nonce')
    // RFC 8555 6.5.1: base64url; anything else is ignored.
    if (nonce !== undefined && /^[A-Za-z0-9_-]{1,512}$/.test(nonce))
      this.#nonces.splice(0, 1, nonce)
    return answer
  }

  #read(answer: HttpsAnswer): Answer {
    if (answer.status >= 300) throw this.#troubleOf(answer)
    return {
      body: parseMap(answer.body),
      location: answer.field('location'),
      retryAfterMs: this.#retryAfter(answer),
    }
  }

  #troubleOf(answer: HttpsAnswer): AcmeTrouble {
    const retryAfterMs = this.#retryAfter(answer)
    const isProblem = answer.field('content-type')?.startsWith('application/problem+json') === true
    if (!isProblem) {
      const detail =
        answer.status < 400
          ? `it redirects (${answer.status}); name the address itself`
          : `it answered ${answer.status}`
      return new AcmeTrouble({ type: 'badAnswer', detail, retryAfterMs })
    }
    return problemOf(parseMap(answer.body), retryAfterMs)
  }

  #retryAfter(answer: HttpsAnswer): number | undefined {
    return retryAfterMs(answer.field('retry-after'), this.#scope.now())
  }

  #need(resource: Resource): string {
    const url = this.find(resource)
    if (url === undefined) throw badAnswer(`its directory has no ${resource}: is that a directory?`)
    return url
  }
}

/** A problem document, also one inside an authorization (RFC 8555 6.7, 8). */
export function problemOf(problem: unknown, retryAfter?: number): AcmeTrouble {
  const { type, detail, subproblems } = asMap(problem)
  const name = printable(type).replace('urn:ietf:params:acme:error:', '') || 'about:blank'
  const more = Array.isArray(subproblems)
    ? subproblems.slice(0, 3).map((each) => printable(asMap(each)['detail']))
    : []
  return new AcmeTrouble({
    type: name,
    detail: printable([printable(detail), ...more].filter(Boolean).join('; ')),
    hint: hintFor(name),
    retryAfterMs: retryAfter,
  })
}

export const badAnswer = (detail: string): AcmeTrouble =>
  new AcmeTrouble({ type: 'badAnswer', detail })

function parseMap(text: string): Readonly<Record<string, unknown>> {
  try {
    return asMap(JSON.parse(text))
  } catch {
    throw badAnswer('it answered something that is not JSON')
  }
}
