/**
 * The way of a request, from top to bottom. docs/life-of-a-request.md tells the same story with a chart.
 */
import type { ChallengeStore } from '../acme/challenge-store.ts'
import { type FailureCode, failureOf } from '../base/failure.ts'
import { Forwarding, type ForwardResult } from '../forward/forward.ts'
import { guarded } from '../forward/guarded.ts'
import type { EjectionEvent } from '../forward/passive-check.ts'
import { writeRequestHead } from '../forward/request-head.ts'
import type { Logger } from '../observe/logger.ts'
import type { Traces } from '../trace/traces.ts'
import { answerBlocked } from './answer-blocked.ts'
import { answerChallenge } from './answer-challenge.ts'
import type { ClientConnection, RunningExchange } from './client-connection.ts'
import { closeExchange, type ExchangeObservers } from './close-exchange.ts'
import { connectJobOf } from './connect-job.ts'
import type { Exchange, Incoming } from './exchange.ts'
import { openExchange } from './open-exchange.ts'
import { reportFault } from './report-fault.ts'
import { requestHeadParts } from './request-head-parts.ts'
import { failureAnswer, type OwnAnswer, ownAnswerHead, redirectAnswer, respond } from './respond.ts'
import { locationRewriter } from './rewrite-location.ts'
import type { Route } from './route.ts'
import { routeExchange } from './route-exchange.ts'
import { type Screened, screenRequest } from './screen-request.ts'
import {
  type SignInRefusal,
  type SignInScope,
  type SignInStep,
  signInStepOf,
} from './sign-in-step.ts'
import type { Snapshot } from './snapshot.ts'
import { takeRest } from './take-rest.ts'
import { traceDecision, traceExchange } from './trace-exchange.ts'

/** What a request may reach. It cannot reach the runtime, so no step can see a newer configuration than the first. */
export interface RequestScope extends ExchangeObservers, SignInScope {
  readonly snapshot: Snapshot
  readonly logger: Logger
  /** What certificate authorities may ask for at this moment. */
  readonly challenges: ChallengeStore
  /** Left out: nobody can trace. */
  readonly traces?: Traces
  /** Traffic has ejected a server, or found it back. */
  readonly onEjection: (event: EjectionEvent) => void
}

/** The whole way of one request. A throw is a bug: it ends this exchange with 500 and a logged stack, nothing else. */
export function handleRequest(
  incoming: Incoming,
  connection: ClientConnection,
  scope: RequestScope,
): void {
  let way: RequestWay | undefined
  try {
    const exchange = openExchange(incoming.req, connection, scope.snapshot)
    if (scope.traces?.isRunning) traceExchange(exchange, scope.traces)
    way = new RequestWay(exchange, incoming, scope)
    way.go()
  } catch (error) {
    if (way) return way.onFault(error)
    reportFault(scope.logger, error, '')
    connection.socket.destroy()
  }
}

class RequestWay implements RunningExchange {
  readonly #exchange: Exchange
  readonly #incoming: Incoming
  readonly #scope: RequestScope
  #forwarding: Forwarding | undefined
  #signIn: SignInStep | undefined
  /** The outcome of an answer of ours, as soon as one is given. */
  #ownOutcome: FailureCode | 'done' | undefined
  #isOver = false

  constructor(exchange: Exchange, incoming: Incoming, scope: RequestScope) {
    this.#exchange = exchange
    this.#incoming = incoming
    this.#scope = scope
  }

  get exchange(): Exchange {
    return this.#exchange
  }

  get uploaded(): number | undefined {
    return this.#forwarding?.uploaded
  }

  go(): void {
    const exchange = this.#exchange
    const { req, facts, snapshot, connection } = exchange
    connection.run(this)

    // 1. May this be forwarded at all?
    const screened = screenRequest(req, facts, snapshot.limits, connection.hosts)
    if (typeof screened === 'string') return this.#answerFailure(screened)
    exchange.host = screened.host.name
    exchange.target = screened.target

    // There is no room: it is here to be told so.
    const { refusal } = connection.arrival
    if (refusal) return this.#answerFailure(refusal, true)

    // An authority asks, as it was asked to: this is about the name alone, not about what is published under it.
    const answer = answerChallenge(exchange, this.#scope.challenges)
    if (answer) return this.#answerDone(answer)

    // 2. Which publishing rule, and does its policy serve this?
    const decision = routeExchange(exchange, screened)
    if (exchange.trace) traceDecision(exchange, decision)
    if (decision.kind === 'failed') return this.#answerFailure(decision.code)
    if (decision.kind === 'redirect') return this.#answerDone(redirectAnswer(decision.location))

    // 3. Does it try a password, and have too many been tried?
    const { target } = decision
    const forwarded = target === screened.target ? screened : { ...screened, target }
    this.#signIn = signInStepOf(exchange, decision.route, this.#scope)
    if (this.#signIn) return this.#guard(this.#signIn, forwarded, decision.route)

    // 4. and 5. Which server: pin, cookie, balance. Send, stream the answer back.
    this.#forward(forwarded, decision.route)
  }

  #guard(signIn: SignInStep, screened: Screened, route: Route): void {
    const onVerdict = (refusal: SignInRefusal | undefined): void => {
      if (this.#isOver || this.#ownOutcome) return
      if (refusal) this.#refuse(refusal, route)
      else this.#forward(screened, route)
    }
    signIn.enter(
      this.#incoming,
      guarded((error) => this.onFault(error), onVerdict),
    )
  }

  #refuse(refusal: SignInRefusal, route: Route): void {
    if (refusal.code === 'client-throttled') {
      const answer = failureAnswer(refusal.code, this.#closes())
      this.#exchange.report.status = answer.status
      const fields = ['Retry-After', String(refusal.retryAfterSeconds)]
      return this.#answer({ ...answer, fields }, refusal.code)
    }
    if (refusal.code !== 'client-user-blocked') return this.#answerFailure(refusal.code)
    const { shape, waitMs } = refusal
    this.#ownOutcome = refusal.code
    this.#exchange.report.status = shape.status
    const onTaken = (isWhole: boolean): void => {
      if (this.#isOver) return
      // Whoever was signed in on the connection would still be so; the pool would have forgotten him.
      const closes = this.#closes() || !isWhole || this.#exchange.connection.isSignedIn
      this.#incoming.res.once('finish', () => this.#over(refusal.code, closes))
      answerBlocked(this.#incoming, this.#exchange, { shape, route, closes })
    }
    takeRest(
      this.#incoming,
      { waitMs, expectsContinue: this.#exchange.facts.expect !== undefined },
      guarded((error) => this.onFault(error), onTaken),
    )
  }

  #forward(screened: Screened, route: Route): void {
    const exchange = this.#exchange
    const { req, res } = this.#incoming
    this.#forwarding = new Forwarding(
      {
        ...connectJobOf(exchange, route, this.#scope),
        onFault: (error) => this.onFault(error),
        req,
        res,
        head: writeRequestHead(requestHeadParts(exchange, screened, false)),
        framing: screened.framing,
        // Expect of an HTTP/1.0 request is ignored (RFC 9110 10.1.1).
        expectsContinue:
          exchange.facts.expect !== undefined && req.httpVersionMinor > 0 && !exchange.hasContinued,
        pins: exchange.facts.bindsConnection,
        rewriteLocation: route.pool.rewriteLocation
          ? locationRewriter(exchange, screened.host)
          : undefined,
        hidesServer: route.hideServerFields,
        closes: () => this.#closes(),
        watch: this.#signIn,
        peeked: this.#signIn?.peeked,
      },
      (result) => this.#onForwarded(result),
    )
    this.#forwarding.start()
  }

  #onForwarded(result: ForwardResult): void {
    if (result.kind === 'done') return this.#over('done', result.closes)
    if (failureOf(result.code).status === 0 || result.answered) return this.#cut(result.code)
    this.#answerFailure(result.code, result.closes)
  }

  #answerFailure(code: FailureCode, closes = false): void {
    const answer = failureAnswer(code, closes || this.#closes())
    this.#exchange.report.status = answer.status
    this.#answer(answer, code)
  }

  #answerDone(answer: OwnAnswer): void {
    this.#exchange.report.status = answer.status
    this.#answer({ ...answer, closes: this.#closes() }, 'done')
  }

  #closes(): boolean {
    const { connection, facts } = this.#exchange
    return connection.isClosing || facts.wantsClose || connection.backends.hasRetiredPin
  }

  /** An answer of ours. With a body still to come the connection closes: the body must never become a request. */
  #answer(answer: ReturnType<typeof failureAnswer>, outcome: FailureCode | 'done'): void {
    const { req, res } = this.#incoming
    const closes = answer.closes || !hasNoBody(this.#exchange)
    this.#ownOutcome = outcome
    this.#exchange.trace?.onClientHead(ownAnswerHead({ ...answer, closes }, this.#exchange.id))
    res.once('finish', () => this.#over(outcome, closes))
    const onFault = (error: unknown): void => this.onFault(error)
    respond(req, res, { ...answer, closes, id: this.#exchange.id, onFault })
  }

  /** The answer has begun and cannot be completed: cut, so that nobody takes it for complete. */
  #cut(code: FailureCode): void {
    // Before anything else: once a socket is ending, it can no longer be reset.
    this.#exchange.connection.cut(this.#incoming.req.httpVersionMinor === 0)
    this.#over(code, true)
  }

  onClientGone(): void {
    if (this.#isOver) return
    const isAnswered = this.#forwarding?.isAnswered === true
    this.#forwarding?.abandon()
    // A client may leave while the rest of its request is thrown away: it has had its answer.
    this.#over(this.#ownOutcome ?? (isAnswered ? 'done' : 'client-left'), true)
  }

  onBodyBroken(code: FailureCode): void {
    this.#breakOff(code)
  }

  onClientStuck(): void {
    if (this.#isOver) return
    this.#forwarding?.abandon()
    this.#cut('client-read-timeout')
  }

  onStopping(): void {
    this.#breakOff('proxy-stopping')
  }

  /** A bug, in this step or in a later event. What is left of the exchange may be in any state. */
  onFault(error: unknown): void {
    this.#report(error)
    try {
      if (this.#isOver) return this.#exchange.connection.closeWhenIdle()
      if (this.#ownOutcome) return this.#cut('proxy-fault')
      this.#breakOff('proxy-fault')
    } catch (second) {
      this.#report(second)
      // Whatever hangs on the connection ends with it.
      this.#exchange.connection.socket.destroy()
      this.#over('proxy-fault', true)
    }
  }

  #report(error: unknown): void {
    reportFault(this.#scope.logger, error, this.#exchange.id)
  }

  /** Ends the exchange with an answer of ours, or by a cut when another answer has begun. */
  #breakOff(code: FailureCode): void {
    // An answer of ours is on its way already; it ends with the connection.
    if (this.#isOver || this.#ownOutcome) return
    this.#forwarding?.abandon()
    if (this.#incoming.res.headersSent) return this.#cut(code)
    this.#answerFailure(code, true)
  }

  /** Every way out comes through here, once. */
  #over(outcome: FailureCode | 'done', closes: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    // Not counted or not logged is bad; what must not be is that the connection waits for ever.
    try {
      this.#signIn?.end(outcome, this.#forwarding?.hasSent === true)
      closeExchange(this.#exchange, outcome, this.#scope)
      this.#exchange.connection.done(closes)
    } catch (error) {
      this.#report(error)
      this.#exchange.connection.socket.destroy()
    }
  }
}

function hasNoBody(exchange: Exchange): boolean {
  const { facts } = exchange
  return facts.transferEncodings === 0 && (facts.contentLengths === 0 || facts.contentLength === 0)
}
