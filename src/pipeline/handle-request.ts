/**
 * The way of a request, from top to bottom. docs/life-of-a-request.md tells the same story with a chart.
 */
import type { ChallengeStore } from '../acme/challenge-store.ts'
import { type FailureCode, failureOf } from '../base/failure.ts'
import { Forwarding, type ForwardResult } from '../forward/forward.ts'
import type { EjectionEvent } from '../forward/passive-check.ts'
import { writeRequestHead } from '../forward/request-head.ts'
import type { Logger } from '../observe/logger.ts'
import { answerChallenge } from './answer-challenge.ts'
import { isBelieved } from './client-address.ts'
import type { ClientConnection, RunningExchange } from './client-connection.ts'
import { closeExchange, type ExchangeObservers } from './close-exchange.ts'
import { connectJobOf } from './connect-job.ts'
import type { Exchange, Incoming } from './exchange.ts'
import { openExchange } from './open-exchange.ts'
import { reportFault } from './report-fault.ts'
import { failureAnswer, type OwnAnswer, redirectAnswer, respond } from './respond.ts'
import { locationRewriter } from './rewrite-location.ts'
import type { Route } from './route.ts'
import { routeExchange } from './route-exchange.ts'
import { type Screened, screenRequest } from './screen-request.ts'
import type { Snapshot } from './snapshot.ts'

/** What a request may reach. It cannot reach the runtime, so no step can see a newer configuration than the first. */
export interface RequestScope extends ExchangeObservers {
  readonly snapshot: Snapshot
  readonly logger: Logger
  /** What certificate authorities may ask for at this moment. */
  readonly challenges: ChallengeStore
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
    way = new RequestWay(openExchange(incoming.req, connection, scope.snapshot), incoming, scope)
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

  go(): void {
    const exchange = this.#exchange
    exchange.connection.run(this)

    // 1. May this be forwarded at all?
    const screened = screenRequest(this.#incoming.req, exchange.facts, exchange.snapshot.limits)
    if (typeof screened === 'string') return this.#answerFailure(screened)
    exchange.host = screened.host.name
    exchange.target = screened.target

    // An authority asks, as it was asked to: this is about the name alone, not about what is published under it.
    const answer = answerChallenge(exchange, this.#scope.challenges)
    if (answer) return this.#answerChallenge(answer)

    // 2. Which publishing rule, and does its policy serve this?
    const decision = routeExchange(exchange, screened)
    if (decision.kind === 'failed') return this.#answerFailure(decision.code)
    if (decision.kind === 'redirect') return this.#answerRedirect(decision.location)

    // 3. and 4. Which server: pin, cookie, balance. Send, stream the answer back.
    this.#forward({ ...screened, target: decision.target }, decision.route)
  }

  #forward(screened: Screened, route: Route): void {
    const exchange = this.#exchange
    const { facts } = exchange
    const { req, res } = this.#incoming
    this.#forwarding = new Forwarding(
      {
        ...connectJobOf(exchange, route, this.#scope),
        onFault: (error) => this.onFault(error),
        req,
        res,
        head: writeRequestHead(requestHeadParts(exchange, screened, false)),
        framing: screened.framing,
        pins: facts.bindsConnection,
        rewriteLocation: route.pool.rewriteLocation
          ? locationRewriter(exchange, screened.host)
          : undefined,
        hidesServer: route.hideServerFields,
        closes: () => this.#closes(),
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

  #answerRedirect(location: string): void {
    const answer = redirectAnswer(location)
    this.#exchange.report.status = answer.status
    this.#answer({ ...answer, closes: this.#closes() }, 'done')
  }

  #answerChallenge(answer: OwnAnswer): void {
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
    res.once('finish', () => this.#over(outcome, closes))
    respond(req, res, { ...answer, closes, id: this.#exchange.id })
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
      closeExchange(this.#exchange, outcome, this.#scope)
      this.#exchange.connection.done(closes)
    } catch (error) {
      this.#report(error)
      this.#exchange.connection.socket.destroy()
    }
  }
}

/** The head as the server gets it; the same for a tunnel but for the connection fields. */
export function requestHeadParts(exchange: Exchange, screened: Screened, upgrade: boolean) {
  const { req, facts, connection, snapshot } = exchange
  const { peerAddress, isTls } = connection.arrival
  const isTrusted = isBelieved(connection.arrival, snapshot.isTrustedProxy)
  return {
    method: req.method ?? 'GET',
    target: screened.target,
    rawFields: req.rawHeaders,
    nominated: facts.nominated,
    framing: screened.framing,
    keepForwarded: isTrusted,
    dropExpect: req.httpVersionMinor === 0,
    addHost: screened.addHost,
    forwarded: {
      for:
        isTrusted && facts.forwardedFor
          ? `${facts.forwardedFor.join(', ')}, ${peerAddress}`
          : peerAddress,
      proto: (isTrusted && facts.forwardedProto) || (isTls ? 'https' : 'http'),
      host: (isTrusted && facts.forwardedHost) || (screened.addHost ?? facts.host),
    },
    upgrade,
  }
}

function hasNoBody(exchange: Exchange): boolean {
  const { facts } = exchange
  return facts.transferEncodings === 0 && (facts.contentLengths === 0 || facts.contentLength === 0)
}
