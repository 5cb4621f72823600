/** One order from the first request to the chain of certificates (RFC 8555 7.4). Throws AcmeTrouble. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { AcmeRule } from '../config/rules.ts'
import { AcmeTrouble } from './acme-trouble.ts'
import { asMap } from './as-map.ts'
import { type Challenge, tokenPattern } from './challenge-store.ts'
import { keyAuthorization } from './jws.ts'
import { type Answer, badAnswer, problemOf, type Session } from './session.ts'

export interface OrderWish {
  readonly name: string
  readonly keyType: AcmeRule['keyType']
  readonly profile: string | undefined
  /** The identifier of the certificate that this one takes the place of (RFC 9773 5). */
  readonly replaces: string | undefined
}

export interface OrderScope {
  readonly session: Session
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** From the moment it resolves everybody who may be asked can answer. */
  readonly publish: (challenge: Challenge) => Promise<void>
  readonly withdraw: (token: string) => Promise<void>
}

export interface Issued {
  readonly chainPem: string
  readonly keyPem: string
}

/** The longest that one step of an authority is waited for. */
const STEP_MS = 180_000

/** Between two looks, where the authority does not say. */
const LOOK_MS = 1_000
const LONGEST_LOOK_MS = 30_000

const MAX_AUTHORIZATIONS = 10

export async function placeOrder(wish: OrderWish, scope: OrderScope): Promise<Issued> {
  const { session } = scope
  const order = await newOrder(wish, session)
  const { location } = order
  if (location === undefined) throw badAnswer('it gave the order no address')

  const authorizations = listOf(order.body['authorizations'])
  if (authorizations.length > MAX_AUTHORIZATIONS) throw badAnswer('it wants too many proofs')
  for (const url of authorizations) await authorize(url, wish.name, scope)

  const proved = await session.post(location)
  const ready = await poll(scope, location, proved, ({ status }) => status !== 'pending')
  if (ready.body['status'] === 'invalid') throw problemOf(ready.body['error'])
  const { finalize } = ready.body
  if (typeof finalize !== 'string') throw badAnswer('it does not say where to finish the order')

  const { createRequest } = await import('./certificate-request.ts')
  const { csr, keyPem } = await createRequest(wish.name, wish.keyType)
  const finalized = await session.post(finalize, { csr })
  const done = await poll(
    scope,
    location,
    finalized,
    ({ status }) => status === 'valid' || status === 'invalid',
  )
  if (done.body['status'] === 'invalid') throw problemOf(done.body['error'])
  const { certificate } = done.body
  if (typeof certificate !== 'string') throw badAnswer('it does not say where the certificate is')
  const chainPem = readChain(await session.read(certificate))
  examine(chainPem, keyPem, { name: wish.name, now: scope.now() })
  return { chainPem, keyPem }
}

async function newOrder({ name, profile, replaces }: OrderWish, session: Session): Promise<Answer> {
  if (profile !== undefined && !session.profiles.includes(profile)) {
    const known = session.profiles.join(', ') || 'none'
    throw new AcmeTrouble({
      type: 'unknownProfile',
      detail: `the authority has no profile ${profile}`,
      hint: `"acme.profile" can be: ${known}`,
    })
  }
  const order = {
    identifiers: [{ type: 'dns', value: name }],
    ...(profile === undefined ? {} : { profile }),
  }
  if (replaces === undefined) return session.newOrder(order)
  // What the authority has against the old certificate must not stand in the way of the new one.
  return session.newOrder({ ...order, replaces }).catch((error: unknown) => {
    const type = error instanceof AcmeTrouble ? error.details.type : ''
    if (type !== 'alreadyReplaced' && type !== 'malformed' && type !== 'unauthorized') throw error
    return session.newOrder(order)
  })
}

/** Proves that the name leads here. */
async function authorize(url: string, name: string, scope: OrderScope): Promise<void> {
  const { session, publish, withdraw } = scope
  const authorization = await session.post(url)
  const { status, identifier, challenges } = authorization.body
  // Proved a while ago, and still good (RFC 8555 7.5).
  if (status === 'valid') return
  if (String(asMap(identifier)['value']).toLowerCase() !== name)
    throw badAnswer('it wants a proof for another name')
  const challenge = listOfMaps(challenges).find(({ type }) => type === 'http-01')
  if (!challenge) {
    throw new AcmeTrouble({
      type: 'noHttp01',
      detail: 'the authority does not offer HTTP-01 for this name',
      hint: 'name a certificate of the file for it',
    })
  }
  const { token, url: challengeUrl } = challenge
  if (typeof token !== 'string' || !tokenPattern.test(token))
    throw badAnswer('its token is malformed')
  if (typeof challengeUrl !== 'string') throw badAnswer('its challenge has no address')

  await publish({ host: name, token, keyAuthorization: keyAuthorization(token, session.jwk) })
  try {
    if (challenge['status'] === 'pending') await session.post(challengeUrl, {})
    const done = await poll(scope, url, authorization, (body) => body['status'] !== 'pending')
    if (done.body['status'] === 'valid') return
    const failed = listOfMaps(done.body['challenges']).find(({ error }) => error !== undefined)
    throw problemOf(failed?.['error'])
  } finally {
    await withdraw(token)
  }
}

/** Reads a resource until it is as wanted, not more often than the authority likes. */
async function poll(
  { session, sleep }: OrderScope,
  url: string,
  first: Answer,
  isDone: (body: Answer['body']) => boolean,
): Promise<Answer> {
  let answer = first
  let waited = 0
  while (!isDone(answer.body)) {
    const wait = Math.min(Math.max(answer.retryAfterMs ?? LOOK_MS, LOOK_MS), LONGEST_LOOK_MS)
    if (waited + wait > STEP_MS) {
      throw new AcmeTrouble({ type: 'slow', detail: `not done within ${STEP_MS / 1000} s` })
    }
    await sleep(wait)
    waited += wait
    answer = await session.post(url)
  }
  return answer
}

const MAX_CHAIN = 10

/** The certificates alone: whatever else stands in the answer stays out of the storage (RFC 8555 9.1). */
function readChain(text: string): string {
  const blocks = text.match(
    /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----/g,
  )
  if (!blocks || blocks.length > MAX_CHAIN) throw badAnswer('its chain of certificates is unusable')
  return `${blocks.join('\n')}\n`
}

/** A certificate that could not be served must not take the place of one that can. */
function examine(
  chainPem: string,
  keyPem: string,
  { name, now }: { readonly name: string; readonly now: number },
): void {
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(chainPem)
  } catch {
    throw badAnswer('its certificate cannot be read')
  }
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem)))
    throw badAnswer('its certificate is for another key')
  if (leaf.checkHost(name) === undefined) throw badAnswer('its certificate is for another name')
  if (leaf.validToDate.getTime() <= now)
    throw badAnswer('its certificate has expired: is the clock right?')
}

const listOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []

const listOfMaps = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.slice(0, 20).map(asMap) : []
