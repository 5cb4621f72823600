/** The way of an upgrade: the same steps as a request, with a tunnel at the end. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type FailureCode, failureOf } from '../base/failure.ts'
import type { BackendConnection } from '../forward/backend-connection.ts'
import { breakOff } from '../forward/break-off.ts'
import { guarded } from '../forward/guarded.ts'
import { obtainConnection } from '../forward/obtain-connection.ts'
import { noteAnswer, noteFailure } from '../forward/passive-check.ts'
import { requestFields, writeRequestHead } from '../forward/request-head.ts'
import { openTunnel } from '../forward/upgrade.ts'
import { isDraining } from '../pools/server.ts'
import type { ClientConnection, RunningExchange } from './client-connection.ts'
import { closeExchange } from './close-exchange.ts'
import { connectJobOf } from './connect-job.ts'
import { type Exchange, monotonicNow } from './exchange.ts'
import type { RequestScope } from './handle-request.ts'
import { openExchange } from './open-exchange.ts'
import { reportFault } from './report-fault.ts'
import { requestHeadParts } from './request-head-parts.ts'
import { failureAnswer, ownAnswerHead, ownAnswerText, redirectAnswer } from './respond.ts'
import type { Route } from './route.ts'
import { routeExchange } from './route-exchange.ts'
import { type Screened, screenRequest } from './screen-request.ts'
import { type SignInRefusal, type SignInStep, signInStepOf } from './sign-in-step.ts'
import { traceDecision, traceExchange } from './trace-exchange.ts'

/** A request that Node has taken off HTTP: a WebSocket upgrade, or CONNECT, which is refused. */
export interface UpgradeRequest {
  readonly req: IncomingMessage
  readonly socket: Socket
  readonly head: Buffer
}

export function handleUpgrade(
  request: UpgradeRequest,
  connection: ClientConnection,
  scope: RequestScope,
): void {
  // An upgrade that was sent ahead of an answer: nobody does that, and its place in the order is lost.
  if (!connection.beginUpgrade()) {
    request.socket.destroy()
    return
  }
  let way: UpgradeWay | undefined
  try {
    const exchange = openExchange(request.req, connection, scope.snapshot)
    if (scope.traces?.isRunning) traceExchange(exchange, scope.traces)
    way = new UpgradeWay(exchange, request, scope)
    way.go()
  } catch (error) {
    if (way) return way.onFault(error)
    reportFault(scope.logger, error, '')
    request.socket.destroy()
  }
}

class UpgradeWay implements RunningExchange {
  readonly #exchange: Exchange
  readonly #request: UpgradeRequest
  readonly #scope: RequestScope
  #giveUp: () => void = () => {}
  #signIn: SignInStep | undefined
  #hasSent = false
  #isOver = false

  constructor(exchange: Exchange, request: UpgradeRequest, scope: RequestScope) {
    this.#exchange = exchange
    this.#request = request
    this.#scope = scope
  }

  get exchange(): Exchange {
    return this.#exchange
  }

  go(): void {
    const exchange = this.#exchange
    const { req, facts, snapshot, connection } = exchange
    connection.run(this)

    // 1. May this be forwarded at all?
    const screened = screenRequest(req, facts, snapshot.limits, connection.hosts)
    if (typeof screened === 'string') return this.fail(screened)
    exchange.host = screened.host.name
    exchange.target = screened.target

    const { refusal } = exchange.connection.arrival
    if (refusal) return this.fail(refusal)

    // 2. Which publishing rule, and does its policy serve this?
    const decision = routeExchange(exchange, screened)
    if (exchange.trace) traceDecision(exchange, decision)
    if (decision.kind === 'failed') return this.fail(decision.code)
    if (decision.kind === 'redirect') return this.#answer(redirectAnswer(decision.location), 'done')
    const { route } = decision

    // 3. Does it try a password, and have too many been tried?
    this.#signIn = signInStepOf(exchange, route, this.#scope)
    if (!this.#signIn) return this.#obtain(screened, route)
    const onVerdict = (refusal: SignInRefusal | undefined): void => {
      if (this.#isOver) return
      if (refusal) this.fail(refusal.code)
      else this.#obtain(screened, route)
    }
    this.#signIn.enterUpgrade(guarded((error) => this.onFault(error), onVerdict))
  }

  /** 4. Which server: pin, cookie, balance. */
  #obtain(screened: Screened, route: Route): void {
    const exchange = this.#exchange
    const onFault = (error: unknown): void => this.onFault(error)
    const job = { ...connectJobOf(exchange, route, this.#scope), onFault }
    this.#giveUp = obtainConnection(job, (result) => {
      if (this.#isOver) return
      if (typeof result === 'string') this.fail(result)
      else this.#tunnel(result, screened, route)
    })
  }

  /** 5. The tunnel. */
  #tunnel(backend: BackendConnection, screened: Screened, route: Route): void {
    const exchange = this.#exchange
    const { connection, snapshot, facts, report } = exchange
    const { socket, head } = this.#request
    const { bytesRead, bytesWritten } = socket
    const ownsAffinity = route.pool.affinity === 'cookie'
    const { affinityKey } = backend.server
    const passive = connectJobOf(exchange, route, this.#scope)
    connection.backends.remove(backend)
    const parts = requestHeadParts(exchange, screened, true)
    exchange.trace?.onSent(writeRequestHead(parts), true)
    this.#hasSent = true
    this.#giveUp = openTunnel(
      {
        socket,
        head,
        connection: backend,
        fields: requestFields(parts),
        target: screened.target,
        plan: {
          ownsAffinity,
          affinityOf:
            ownsAffinity && facts.affinityKey !== affinityKey && !isDraining(backend.server)
              ? backend.server
              : undefined,
          rewriteLocation: undefined,
          hidesServer: route.hideServerFields,
        },
        responseMs: snapshot.timeouts.responseMs,
        tunnelMs: snapshot.timeouts.tunnelMs,
        trace: exchange.trace,
      },
      {
        onFault: (error) => this.onFault(error),
        onOpen: () => {
          noteAnswer(passive, backend.server)
          report.status = 101
          this.#signIn?.onStatus(101)
          report.firstByteAtMs = monotonicNow()
        },
        onEnd: () => {
          report.requestBytes = socket.bytesRead - bytesRead
          report.responseBytes = socket.bytesWritten - bytesWritten
          this.#over('done')
        },
        onRefused: (status, isWhole) => {
          noteAnswer(passive, backend.server)
          report.status = status
          this.#signIn?.onStatus(status)
          this.#over(isWhole ? 'done' : 'backend-broke-off')
        },
        onFailed: (code, reason) => {
          report.reason = reason
          if (code !== 'backend-answer-malformed' && backend.requestCount === 0) {
            const startedAtMs = exchange.startedAtMs
            noteFailure(passive, backend.server, { kind: 'answer', startedAtMs, reason })
          }
          this.fail(code)
        },
      },
    )
  }

  fail(code: FailureCode): void {
    if (this.#isOver) return
    this.#exchange.report.status = failureOf(code).status
    this.#answer(failureAnswer(code, true), code)
  }

  #answer(answer: ReturnType<typeof failureAnswer>, outcome: FailureCode | 'done'): void {
    const { socket } = this.#request
    this.#exchange.report.status = answer.status
    this.#exchange.trace?.onClientHead(
      ownAnswerHead({ ...answer, closes: true }, this.#exchange.id),
    )
    // Whatever else the client sent is read and thrown away, so that the answer is not lost to a reset.
    socket.resume()
    socket.write(ownAnswerText({ ...answer, closes: true }, this.#exchange.id), 'latin1')
    this.#over(outcome)
  }

  onClientGone(): void {
    if (this.#isOver) return
    const { report } = this.#exchange
    if (report.status === 101) return
    this.#giveUp()
    // Node has let go of the socket: nobody else would answer a client that ended only its own side.
    this.#request.socket.destroy()
    this.#over('client-left')
  }

  /** There is no body. */
  get uploaded(): undefined {
    return undefined
  }

  onClientStuck(): void {
    if (this.#isOver) return
    this.#over('client-read-timeout')
    this.#giveUp()
    breakOff(this.#request.socket)
  }

  onBodyBroken(): void {
    // An upgrade has no body: screening refuses one that announces it.
  }

  onStopping(): void {
    if (this.#isOver) return
    const isOpen = this.#exchange.report.status === 101
    if (isOpen) this.#over('proxy-stopping')
    this.#giveUp()
    if (isOpen) breakOff(this.#request.socket)
    else this.fail('proxy-stopping')
  }

  /** A bug, in this step or in a later event. */
  onFault(error: unknown): void {
    this.#report(error)
    const isOpen = this.#exchange.report.status === 101
    try {
      if (!this.#isOver) this.#giveUp()
      if (isOpen || this.#isOver) this.#request.socket.destroy()
      else this.fail('proxy-fault')
    } catch (second) {
      this.#report(second)
      this.#request.socket.destroy()
    }
    this.#over('proxy-fault')
  }

  #report(error: unknown): void {
    reportFault(this.#scope.logger, error, this.#exchange.id)
  }

  #over(outcome: FailureCode | 'done'): void {
    if (this.#isOver) return
    this.#isOver = true
    try {
      this.#signIn?.end(outcome, this.#hasSent)
      closeExchange(this.#exchange, outcome, this.#scope)
      this.#exchange.connection.done(true)
    } catch (error) {
      this.#report(error)
      this.#request.socket.destroy()
    }
  }
}
