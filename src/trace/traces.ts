/** The traces that run in this process. */
import type { AccessRecord } from '../observe/access-log.ts'
import type { BodyBudget } from './body-recorder.ts'
import { ExchangeTrace, type TraceSubject } from './exchange-trace.ts'
import { harEntries } from './har-entry.ts'
import { clientTest, type TraceRequest } from './trace-request.ts'

/** The entries of one exchange, each as JSON text: it goes from process to process and is read by nobody in between. */
export type TracedExchange = readonly string[]

export type TraceSink = (traced: TracedExchange) => void

/** Ends a trace. Resolves when all there is has been handed over. */
export type EndTrace = () => Promise<void>

interface Running {
  readonly request: TraceRequest
  readonly isOfClient: (address: string) => boolean
  readonly sink: TraceSink
  readonly timer: NodeJS.Timeout
  exchanges: number
  bytes: number
}

export interface TracesScope {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Milliseconds since 1970. */
  readonly wallNow: () => number
}

/** Whoever asked may be gone without a word; this process ends a trace by itself so much later. */
const GRACE_MS = 10_000

export class Traces {
  /** All that an exchange asks when there is no trace. */
  isRunning = false
  readonly #scope: TracesScope
  readonly #running = new Map<string, Running>()
  readonly #open = new Set<ExchangeTrace>()
  readonly #budget: BodyBudget = { heldBytes: 0 }

  constructor(scope: TracesScope) {
    this.#scope = scope
  }

  start(request: TraceRequest, sink: TraceSink): void {
    const timer = setTimeout(() => this.stop(request.id), request.forMs + GRACE_MS)
    timer.unref()
    const isOfClient = clientTest(request)
    this.#running.set(request.id, { request, isOfClient, sink, timer, exchanges: 0, bytes: 0 })
    this.isRunning = true
  }

  /** What is still in progress is handed over as it is. */
  stop(id: string): void {
    const running = this.#running.get(id)
    if (!running) return
    for (const trace of this.#open) {
      if (running.isOfClient(trace.subject.clientAddress))
        this.#deliver(running, trace, trace.subject.describe(), false)
    }
    clearTimeout(running.timer)
    this.#running.delete(id)
    this.isRunning = this.#running.size > 0
    if (!this.isRunning) this.#open.clear()
  }

  stopAll(): void {
    for (const id of [...this.#running.keys()]) this.stop(id)
  }

  /** An exchange begins. Undefined: nobody wants to see it. */
  begin(subject: TraceSubject): ExchangeTrace | undefined {
    const wanting = [...this.#running.values()].filter((each) =>
      each.isOfClient(subject.clientAddress),
    )
    if (wanting.length === 0) return undefined
    const trace = new ExchangeTrace(subject, {
      now: this.#scope.now,
      bodies: wanting.some(({ request }) => request.bodies) ? this.#budget : undefined,
      onClose: this.#onClose,
    })
    this.#open.add(trace)
    return trace
  }

  readonly #onClose = (trace: ExchangeTrace, record: AccessRecord): void => {
    this.#open.delete(trace)
    for (const running of this.#running.values()) {
      if (running.isOfClient(trace.subject.clientAddress))
        this.#deliver(running, trace, record, true)
    }
    trace.dropBodies()
  }

  #deliver(running: Running, trace: ExchangeTrace, record: AccessRecord, isOver: boolean): void {
    const { request, sink } = running
    if (request.host !== undefined && record.host !== request.host) return
    if (request.rule !== undefined && record.rule !== request.rule) return
    if (running.exchanges >= request.maxExchanges || running.bytes >= request.maxBytes) return
    const moments = { nowMs: this.#scope.now(), wallMs: this.#scope.wallNow() }
    const { bodies } = request
    const entries = harEntries(trace, record, { isOver, bodies, moments })
    const texts = entries.map((entry) => JSON.stringify(entry))
    running.exchanges++
    running.bytes += texts.reduce((sum, text) => sum + text.length, 0)
    sink(texts)
  }
}
