/** All that is seen of one exchange, until it is over or the trace is. */
import type { Socket } from 'node:net'
import type { ForwardTrace, TracedHead } from '../forward/forward-trace.ts'
import type { AccessRecord } from '../observe/access-log.ts'
import type { ChoiceSource } from '../pools/choose-server.ts'
import { type Server, serverName } from '../pools/server.ts'
import { type BodyBudget, BodyRecorder } from './body-recorder.ts'

/** What an exchange is to a trace. */
export interface TraceSubject {
  readonly id: string
  readonly req: {
    readonly method?: string | undefined
    readonly url?: string | undefined
    readonly httpVersion: string
    readonly rawHeaders: readonly string[]
  }
  readonly clientAddress: string
  /** The client came by TLS, and so the way to the server is. */
  readonly isTls: boolean
  /** Monotonic milliseconds. */
  readonly startedAtMs: number
  /** What the access log would say of it at this moment. */
  readonly describe: () => AccessRecord
}

/** One try to connect a server. Moments are monotonic milliseconds. */
export interface Attempt {
  readonly server: string
  readonly source: ChoiceSource
  readonly startedAtMs: number
  lookedUpAtMs: number | undefined
  tcpAtMs: number | undefined
  endedAtMs: number | undefined
  address: string | undefined
  localPort: number | undefined
  /** Why it failed. */
  reason: string | undefined
}

export class ExchangeTrace implements ForwardTrace {
  readonly subject: TraceSubject
  readonly requestBody: BodyRecorder | undefined
  readonly responseBody: BodyRecorder | undefined
  readonly attempts: Attempt[] = []
  /** What the policy said. */
  decision: object | undefined
  sentHead: string | undefined
  sentAtMs: number | undefined
  uploadedAtMs: number | undefined
  headAtMs: number | undefined
  serverHead: TracedHead | undefined
  clientHead: TracedHead | undefined
  readonly #now: () => number
  readonly #onClose: (trace: ExchangeTrace, record: AccessRecord) => void

  constructor(
    subject: TraceSubject,
    settings: {
      readonly now: () => number
      /** Undefined: bodies are not kept. */
      readonly bodies: BodyBudget | undefined
      readonly onClose: (trace: ExchangeTrace, record: AccessRecord) => void
    },
  ) {
    this.subject = subject
    this.#now = settings.now
    this.#onClose = settings.onClose
    if (!settings.bodies) return
    this.requestBody = new BodyRecorder(settings.bodies)
    this.responseBody = new BodyRecorder(settings.bodies)
  }

  onConnecting(server: Server, source: ChoiceSource): void {
    this.attempts.push({
      server: serverName(server),
      source,
      startedAtMs: this.#now(),
      lookedUpAtMs: undefined,
      tcpAtMs: undefined,
      endedAtMs: undefined,
      address: undefined,
      localPort: undefined,
      reason: undefined,
    })
  }

  onSocket(socket: Socket): void {
    const attempt = this.attempts.at(-1)
    if (!attempt) return
    socket.once('lookup', () => {
      attempt.lookedUpAtMs = this.#now()
    })
    socket.once('connect', () => {
      attempt.tcpAtMs = this.#now()
      attempt.address = socket.remoteAddress
      attempt.localPort = socket.localPort
    })
  }

  onConnected(): void {
    this.#endAttempt(undefined)
  }

  onConnectFailed(reason: string): void {
    this.#endAttempt(reason)
  }

  #endAttempt(reason: string | undefined): void {
    const attempt = this.attempts.at(-1)
    if (!attempt) return
    attempt.endedAtMs = this.#now()
    attempt.reason = reason
  }

  onSent(head: string, isWhole: boolean): void {
    this.sentHead = head
    this.sentAtMs = this.#now()
    if (isWhole) this.uploadedAtMs = this.sentAtMs
  }

  onUploaded(): void {
    this.uploadedAtMs = this.#now()
  }

  onServerHead(head: TracedHead): void {
    this.serverHead = head
    this.headAtMs = this.#now()
  }

  onClientHead(head: TracedHead): void {
    this.clientHead = head
  }

  onRequestBody(bytes: Buffer): void {
    this.requestBody?.add(bytes)
  }

  onResponseBody(bytes: Buffer): void {
    this.responseBody?.add(bytes)
  }

  dropBodies(): void {
    this.requestBody?.drop()
    this.responseBody?.drop()
  }

  /** The exchange is over. */
  close(record: AccessRecord): void {
    this.#onClose(this, record)
  }
}
