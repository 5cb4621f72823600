/** A worker process: serves the ports as its primary says, and decides nothing about configurations itself. */
import type { EjectionEvent } from '../forward/passive-check.ts'
import type { LearntShape } from '../guard/answer-shape.ts'
import { adoptLogRule, type Logger } from '../observe/logger.ts'
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import { ServerRegistry } from '../pools/server-registry.ts'
import { type Assembled, assemble } from '../runtime/assemble.ts'
import { LocalTraffic } from '../runtime/local-traffic.ts'
import type { PreparedTraffic } from '../runtime/traffic.ts'
import type { TraceRequest } from '../trace/trace-request.ts'
import { adoptEjectionNote, adoptHealth } from './knowledge.ts'
import type {
  CommitAnswer,
  EjectionNote,
  FromWorker,
  Knowledge,
  PrepareAnswer,
  Pulse,
  ToWorker,
} from './messages.ts'
import { RemoteGate } from './remote-gate.ts'

/** How often a worker looks whether there is news. */
const PULSE_MS = 100

/** Without news it gives a sign of life after so many looks. */
const QUIET_PULSES = 10

/** Answers that others are told of between two looks. */
const MOST_SHAPES_PER_PULSE = 4

/** Clients that a sign of life tells of at most. */
const MOST_CLIENTS = 1_000

export interface WorkerScope {
  readonly logger: Logger
  /** Whether other processes open the same ports. */
  readonly sharesPorts: boolean
  readonly send: (message: FromWorker) => void
  /** What the process says of itself. */
  readonly collectProcess: () => readonly MetricJson[]
  /** The process is to end now. */
  readonly end: () => void
}

interface Prepared {
  readonly next: Assembled
  readonly traffic: PreparedTraffic
}

/** Handles what the primary says. `onPrimaryGone` is called when there is nobody left to say anything. */
export class Worker {
  readonly #scope: WorkerScope
  readonly #registry = new ServerRegistry()
  readonly #traffic: LocalTraffic
  readonly #pulseTimer: NodeJS.Timeout
  #gate: RemoteGate | undefined
  #shapesTold = 0
  #inForce: Assembled | undefined
  #prepared: Prepared | undefined
  #lastPulse = ''
  #quiet = 0

  constructor(scope: WorkerScope) {
    this.#scope = scope
    const { logger, sharesPorts, send } = scope
    this.#traffic = new LocalTraffic(logger, sharesPorts, (own) => {
      this.#gate = new RemoteGate((notes) => send({ kind: 'sign-ins', notes }), own)
      return this.#gate
    })
    this.#traffic.guard.shapes.onLearnt = (learnt) => this.#onLearnt(learnt)
    this.#traffic.onEjection = (event) => scope.send({ kind: 'ejection', note: noteOf(event) })
    this.#pulseTimer = setInterval(() => this.#pulse(), PULSE_MS)
  }

  async onMessage(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'prepare':
        return this.#answer(message.ask, await this.#prepare(message))
      case 'commit':
        return this.#answer(message.ask, await this.#commit(message.knowledge))
      case 'collect':
        return this.#answer(message.ask, [
          ...this.#traffic.collectOwn(),
          ...this.#scope.collectProcess(),
        ])
      case 'look':
        return this.#answer(message.ask, this.#traffic.lookAtOwn(message))
      case 'discard':
        await this.#prepared?.traffic.discard()
        this.#prepared = undefined
        return this.#answer(message.ask, undefined)
      case 'leave':
        await this.#traffic.leave()
        this.#pulse()
        return this.#answer(message.ask, undefined)
      case 'cut':
        return this.#traffic.cut()
      case 'kill':
        return this.#kill()
      case 'drain':
        return this.#traffic.drain(message.place, message.isDrained)
      case 'trace':
        this.#trace(message.request)
        return this.#answer(message.ask, undefined)
      case 'trace-end':
        this.#traffic.traces.stop(message.id)
        return this.#answer(message.ask, undefined)
      case 'challenge':
        return this.#traffic.challenges.apply(message.change)
      case 'staple':
        return this.#traffic.staple(message.staples)
      case 'verdicts':
        return this.#gate?.onVerdicts(message.verdicts)
      case 'shape':
        return this.#traffic.guard.shapes.adopt(message.learnt)
      case 'elsewhere':
        this.#traffic.limits.elsewhere = message.connections
        return
      case 'health':
        if (this.#inForce) adoptHealth(this.#inForce, message.note, monotonicNow())
        return
      case 'ejection':
        if (this.#inForce) adoptEjectionNote(this.#inForce, message.note, monotonicNow())
        return
    }
  }

  /** Nobody decides any more: what runs may end in its time, nothing new begins. */
  async onPrimaryGone(): Promise<void> {
    const { logger } = this.#scope
    logger.error({ connections: this.#traffic.openConnections }, 'the primary process has gone')
    this.#traffic.traces.stopAll()
    await this.#traffic.leave()
    const drainMs = this.#inForce?.rules.timeouts.drainMs ?? 0
    const deadline = monotonicNow() + drainMs
    const look = setInterval(() => {
      if (this.#traffic.openConnections > 0 && monotonicNow() < deadline) return
      clearInterval(look)
      void this.#kill()
    }, PULSE_MS)
  }

  #trace(request: TraceRequest): void {
    const { send } = this.#scope
    this.#traffic.traces.start(request, (traced) =>
      send({ kind: 'traced', id: request.id, traced }),
    )
  }

  async #prepare({ material }: Extract<ToWorker, { kind: 'prepare' }>): Promise<PrepareAnswer> {
    const next = assemble(material, this.#registry)
    const prepared = await this.#traffic.prepare(next)
    if (!prepared.ok) return prepared.error
    this.#prepared = { next, traffic: prepared.value }
    return undefined
  }

  async #commit(knowledge: Knowledge | undefined): Promise<CommitAnswer> {
    const prepared = this.#prepared
    if (!prepared) throw new Error('the primary commits what it did not prepare')
    const { next } = prepared
    this.#prepared = undefined
    adoptLogRule(this.#scope.logger, next.rules.log)
    // Nothing waits before all is taken up: what is told next must find it, and not be overwritten by it.
    this.#inForce = next
    const nowMs = monotonicNow()
    for (const note of knowledge?.health ?? []) adoptHealth(next, note, nowMs)
    const committed = prepared.traffic.commit()
    for (const note of knowledge?.ejections ?? []) adoptEjectionNote(next, note, nowMs)
    for (const place of knowledge?.drained ?? []) this.#traffic.drain(place, true)
    if (knowledge) this.#traffic.staple(knowledge.staples)
    for (const learnt of knowledge?.shapes ?? []) this.#traffic.guard.shapes.adopt(learnt)
    await committed
    return { ports: this.#traffic.ports }
  }

  async #kill(): Promise<void> {
    clearInterval(this.#pulseTimer)
    await this.#traffic.kill()
    this.#scope.end()
  }

  #answer(ask: number, value: unknown): void {
    this.#scope.send({ kind: 'answer', ask, value })
  }

  /** Answers that differ each time must not become a flood of messages. */
  #onLearnt(learnt: LearntShape): void {
    if (++this.#shapesTold <= MOST_SHAPES_PER_PULSE) this.#scope.send({ kind: 'shape', learnt })
  }

  /** News, or from time to time a sign of life. */
  #pulse(): void {
    this.#shapesTold = 0
    this.#gate?.look(monotonicNow())
    const pulse = this.#measure()
    const text = JSON.stringify([
      pulse.connections.open,
      ...pulse.connections.clients,
      ...pulse.connections.listeners,
      pulse.servers,
    ])
    this.#quiet++
    if (text === this.#lastPulse && this.#quiet < QUIET_PULSES) return
    this.#lastPulse = text
    this.#quiet = 0
    this.#scope.send({ kind: 'pulse', pulse })
  }

  #measure(): Pulse {
    const servers = [...this.#registry.all()]
      .filter(({ inFlight, pinned }) => inFlight > 0 || pinned > 0)
      .map(({ key, inFlight, pinned }) => ({ key, inFlight, pinned }))
    return { connections: this.#traffic.limits.count(MOST_CLIENTS), servers }
  }
}

function noteOf(event: EjectionEvent): EjectionNote {
  const { key } = event.server.facts
  if (event.kind === 'returned') return { kind: 'returned', key }
  return { kind: 'ejected', key, cause: event.cause, forMs: event.forMs }
}
