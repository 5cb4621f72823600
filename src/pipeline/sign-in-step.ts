/**
 * A request that tries a password: whose, may it be passed on, and was it the right one? Requests without credentials
 * never come here.
 */
import type { FailureCode } from '../base/failure.ts'
import type { AnswerWatch } from '../forward/watched-answer.ts'
import type { AnswerShape, ShapePlace } from '../guard/answer-shape.ts'
import { readPasswordGrant, readUsernameToken } from '../guard/body-credentials.ts'
import {
  type AuthorizationReading,
  type Claim,
  claimOf,
  readAuthorizations,
} from '../guard/credentials.ts'
import type { Verdict } from '../guard/gate.ts'
import type { SignInGuard } from '../guard/sign-in-guard.ts'
import { type AnswerHead, SignInWatch } from '../guard/sign-in-watch.ts'
import { type Exchange, type Incoming, monotonicNow } from './exchange.ts'
import { type InspectedPage, inspectedPage } from './inspected-page.ts'
import { type PeekedBody, peekBody } from './peek-body.ts'
import type { Route } from './route.ts'

/** Why a try is not passed on, and what it is answered. */
export type SignInRefusal =
  | { readonly code: 'client-user-blocked'; readonly shape: AnswerShape; readonly waitMs: number }
  | { readonly code: 'client-throttled'; readonly retryAfterSeconds: number }
  | { readonly code: 'client-body-too-large' | 'client-body-timeout' }

export interface SignInScope {
  readonly guard: SignInGuard
}

/** Undefined: the request tries no password, and nothing is to be done. One look for most requests. */
export function signInStepOf(
  exchange: Exchange,
  route: Route,
  scope: SignInScope,
): SignInStep | undefined {
  const { facts, snapshot, req } = exchange
  const { isOn, inspects } = snapshot.guard
  if (!isOn || (facts.authorization === undefined && !inspects)) return undefined
  const reading = facts.authorization && readAuthorizations(facts.authorization)
  const page =
    inspects && req.method === 'POST' ? inspectedPage(exchange.target, snapshot.guard) : undefined
  return reading || page ? new SignInStep(exchange, route, scope, { reading, page }) : undefined
}

interface Found {
  readonly reading: AuthorizationReading
  readonly page: InspectedPage | undefined
}

export class SignInStep implements AnswerWatch {
  readonly #exchange: Exchange
  readonly #guard: SignInGuard
  readonly #found: Found
  readonly #place: Omit<ShapePlace, 'kind'>
  #giveUp: () => void = () => {}
  #watch: SignInWatch | undefined
  /** What was read of the body before it was passed on. */
  peeked: PeekedBody | undefined

  constructor(exchange: Exchange, route: Route, { guard }: SignInScope, found: Found) {
    const { host, target } = exchange
    this.#exchange = exchange
    this.#guard = guard
    this.#found = found
    this.#place = { pool: route.pool.name, host, target }
  }

  /** Calls back once, without a refusal when the request may be passed on; not at all after `end`. */
  enter(incoming: Incoming, next: (refusal: SignInRefusal | undefined) => void): void {
    const { reading, page } = this.#found
    if (!page) return this.#ask(reading, next)
    const { snapshot, facts } = this.#exchange
    if (facts.expect !== undefined) this.#exchange.hasContinued = true
    const { requestBodyMs } = snapshot.timeouts
    const giveUp = peekBody(incoming, { facts, silenceMs: requestBodyMs }, (peeked) => {
      if (typeof peeked === 'string') return next({ code: peeked })
      this.peeked = peeked
      const inBody =
        page.kind === 'soap' ? readUsernameToken(peeked.bytes) : readPasswordGrant(peeked.bytes)
      this.#ask(merge(reading, inBody ?? (page.isProof ? claimOf(page.kind, []) : undefined)), next)
    })
    // It may have called back already, and something else be waited for.
    if (!this.peeked) this.#giveUp = giveUp
  }

  /** An upgrade has no body. */
  enterUpgrade(next: (refusal: SignInRefusal | undefined) => void): void {
    this.#ask(this.#found.reading, next)
  }

  #ask(reading: AuthorizationReading, next: (refusal: SignInRefusal | undefined) => void): void {
    if (reading === undefined || reading === 'leg') return next(undefined)
    const { clientAddress } = this.#exchange
    const { users, creditee } = reading
    this.#giveUp = this.#guard.gate.enter({ users, creditee, clientAddress }, (verdict) => {
      this.#giveUp = () => {}
      next(this.#take(verdict, reading))
    })
  }

  #take(verdict: Verdict, claim: Claim): SignInRefusal | undefined {
    const { metrics, shapes, gate } = this.#guard
    metrics.record(verdict.kind)
    switch (verdict.kind) {
      case 'blocked': {
        const shape = shapes.find({ ...this.#place, kind: claim.kind })
        return { code: 'client-user-blocked', shape, waitMs: this.#waitMs() }
      }
      case 'throttled':
        return {
          code: 'client-throttled',
          retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000),
        }
      case 'pass':
        this.#watch = new SignInWatch({
          kind: claim.kind,
          isProof: this.#isProof(claim),
          onOutcome: (outcome) => {
            metrics.recordOutcome(outcome)
            if (outcome === 'succeeded') this.#exchange.connection.isSignedIn = true
            gate.settle(verdict.ticket, outcome)
          },
          onRefusal: (shape) => shapes.learn({ ...this.#place, kind: claim.kind }, shape),
        })
        return undefined
    }
  }

  /**
   * Does a good answer prove the password? Of NTLM when the same request was challenged on this connection just before;
   * of Basic when the page has refused somebody; of a form on the page that reads it.
   */
  #isProof({ kind }: Claim): boolean {
    const { connection } = this.#exchange
    switch (kind) {
      case 'ntlm':
      case 'negotiate': {
        const wasChallenged = connection.challengedFor === this.#request()
        connection.challengedFor = undefined
        return wasChallenged
      }
      case 'basic':
        return this.#guard.demands.has(this.#page())
      default:
        return this.#found.page?.isProof === true
    }
  }

  onHead(head: AnswerHead): number {
    if (!this.#watch) {
      this.#noteChallenge(head)
      return 0
    }
    if (head.status === 401 && offers(head, /^\s*basic\b/i)) this.#guard.demands.add(this.#page())
    return this.#watch.onHead(head) ? this.#waitMs() : 0
  }

  onBody(bytes: Buffer): void {
    this.#watch?.onBody(bytes)
  }

  onComplete(): void {
    this.#watch?.onComplete()
  }

  /** An upgrade has no body that could say more. */
  onStatus(status: number): void {
    this.#watch?.onHead({ status, reason: '', fields: [] })
  }

  /**
   * The exchange is over. A client that leaves after its password was sent keeps us from seeing what became of it: that
   * counts as a failure, else it would be the way to try as many as one likes.
   * @param wasSent the request has been written to a server
   */
  end(outcome: FailureCode | 'done', wasSent: boolean): void {
    this.#giveUp()
    this.#watch?.settle(wasSent && outcome.startsWith('client-') ? 'failed' : 'unknown')
  }

  /** The first leg was answered by the second one: a password is asked for here. */
  #noteChallenge(head: AnswerHead): void {
    if (head.status === 401 && offers(head, /^\s*(?:ntlm|nego\w*)\s+\S/i))
      this.#exchange.connection.challengedFor = this.#request()
  }

  #request = (): string =>
    `${this.#exchange.req.method} ${this.#exchange.host} ${this.#exchange.target}`

  #page = (): string => `${this.#exchange.host}${this.#exchange.target.replace(/\?.*$/s, '')}`

  /** With `blur`: how long an answer that looks like a refusal is still held back. */
  #waitMs(): number {
    const { startedAtMs, snapshot } = this.#exchange
    return Math.max(0, Math.ceil(startedAtMs + snapshot.guard.blurMs - monotonicNow()))
  }
}

/** Credentials in both places are one try of all accounts: which one the server reads is not known. */
function merge(reading: AuthorizationReading, inBody: Claim | undefined): AuthorizationReading {
  if (!inBody) return reading
  if (reading === undefined || reading === 'leg') return inBody
  return { ...claimOf(inBody.kind, [...reading.users, ...inBody.users]), creditee: undefined }
}

function offers({ fields }: AnswerHead, wanted: RegExp): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const isOffer = (fields[i] as string).toLowerCase() === 'www-authenticate'
    if (isOffer && wanted.test(fields[i + 1] as string)) return true
  }
  return false
}
