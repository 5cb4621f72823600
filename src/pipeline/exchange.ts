/** One request and its answer: who asks, where they came in, when, under which snapshot. */
import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { ClientAnswer, ClientRequest } from '../forward/client-message.ts'
import type { ForwardReport } from '../forward/forward-report.ts'
import type { ExchangeTrace } from '../trace/exchange-trace.ts'
import type { ClientConnection } from './client-connection.ts'
import type { RequestFacts } from './read-request.ts'
import type { Route } from './route.ts'
import type { Snapshot } from './snapshot.ts'

export interface Exchange {
  readonly id: string
  readonly req: ClientRequest
  readonly connection: ClientConnection
  readonly snapshot: Snapshot
  readonly facts: RequestFacts
  /** The client as far as it can be believed: the peer, or what a trusted proxy said. */
  readonly clientAddress: string
  readonly startedAtMs: number
  readonly report: ForwardReport
  host: string
  target: string
  route: Route | undefined
  /** The client was told to go on with its body. */
  hasContinued: boolean
  /** In observe: why strict would refuse what is served. */
  strictWouldRefuse: string | undefined
  /** Undefined: nobody traces it. */
  trace: ExchangeTrace | undefined
}

/** Monotonic milliseconds. */
export const monotonicNow = (): number => performance.now()

// Unlike a counter alone, unique over replicas and restarts; unlike a UUID, one string concatenation per request.
const PROCESS_PREFIX = randomBytes(6).toString('base64url')
let counter = 0

/** An id for X-Lyncgate-Request-Id and the log. */
export function nextRequestId(): string {
  counter = (counter + 1) % 0xffffffffffff
  return `${PROCESS_PREFIX}-${counter.toString(36)}`
}

export const emptyReport = (): ForwardReport => ({
  server: undefined,
  source: undefined,
  pinned: false,
  connectedAtMs: undefined,
  firstByteAtMs: undefined,
  status: 0,
  requestBytes: 0,
  responseBytes: 0,
  diagnostics: undefined,
  reason: undefined,
  trace: undefined,
})

/** Where an answer of a request goes; the request line and the listener come with the connection. */
export interface Incoming {
  readonly req: ClientRequest
  readonly res: ClientAnswer
}
