/**
 * Traffic that worker processes serve. This process takes no connection: it starts the workers, has all of them adopt a
 * configuration or none, tells each what the others have found out, and replaces those that die.
 */
import { failed, ok, type Result } from '../base/result.ts'
import type { Staple } from '../certificates/ocsp/staple.ts'
import type { SignInDesk } from '../guard/sign-in-desk.ts'
import type { Logger } from '../observe/logger.ts'
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import { workerCountsJson } from '../observe/metrics/worker-metrics.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { ServerCheck } from '../pools/server-check.ts'
import type { Assembled } from '../runtime/assemble.ts'
import type { LookWish, TrafficLook } from '../runtime/look-at-traffic.ts'
import type { OpenPorts, OpenTrouble, PreparedTraffic, Traffic } from '../runtime/traffic.ts'
import type { TraceRequest } from '../trace/trace-request.ts'
import type { EndTrace, TraceSink } from '../trace/traces.ts'
import { discardAll, END_GRACE_MS, leaveWith, prepareOne } from './ask-workers.ts'
import { knowledgeOf } from './knowledge.ts'
import { Lock } from './lock.ts'
import { WorkersLook } from './look-at-workers.ts'
import type { CommitAnswer } from './messages.ts'
import { probePorts } from './probe-ports.ts'
import { Restarts } from './restarts.ts'
import { sendAway } from './send-away.ts'
import { shareChallenges, tellChallenges } from './share-challenges.ts'
import { SharedSignIns } from './share-sign-ins.ts'
import { SharedTraces } from './share-traces.ts'
import { SharedFacts } from './shared-facts.ts'
import { isTooSilent } from './signs-of-life.ts'
import {
  DIED,
  freePlace,
  type WorkerEntry,
  type WorkerExit,
  WorkerProcess,
} from './worker-process.ts'
import { WorkersMetrics } from './workers-metrics.ts'

export interface WorkerTrafficScope {
  readonly logger: Logger
  readonly entry: WorkerEntry
  /** How many workers a configuration wants. */
  readonly countOf: (next: Assembled) => number
  /** Default: a second. */
  readonly tickMs?: number
}

/** The tick by which the primary notices silence and looks after workers that leave. */
const TICK_MS = 1_000

export class WorkerTraffic implements Traffic {
  readonly #scope: WorkerTrafficScope
  readonly #workers = new Set<WorkerProcess>()
  readonly challenges = shareChallenges(this.#workers)
  readonly #lock = new Lock()
  readonly #traces = new SharedTraces(this.#workers)
  readonly #metrics = new WorkersMetrics()
  readonly #look = new WorkersLook()
  readonly #facts = new SharedFacts(this.#workers, () => this.#inForce)
  readonly #signIns: SharedSignIns<WorkerProcess>
  readonly #ticks: NodeJS.Timeout
  #inForce: Assembled | undefined
  #ports: readonly OpenPorts[] = []
  #number = 0
  readonly #restarts = new Restarts()
  /** No worker is replaced any more. */
  #isEnding = false

  constructor(scope: WorkerTrafficScope) {
    this.#scope = scope
    this.#signIns = new SharedSignIns(scope.logger)
    this.#ticks = setInterval(() => this.#tick(), scope.tickMs ?? TICK_MS)
  }

  get desk(): SignInDesk {
    return this.#signIns.desk
  }

  get ports(): readonly OpenPorts[] {
    return this.#ports
  }

  get openConnections(): number {
    const open = [...this.#workers].map(({ pulse }) => pulse.connections.open)
    return open.reduce((sum, each) => sum + each, 0)
  }

  get isServing(): boolean {
    return [...this.#workers].some(({ isServing, isLeaving }) => isServing && !isLeaving)
  }

  async prepare(next: Assembled): Promise<Result<PreparedTraffic, OpenTrouble>> {
    const release = await this.#lock.take()
    let isPrepared = false
    try {
      const taken = await probePorts(next.rules, this.#inForce?.rules)
      if (taken) return failed(taken)
      if (this.#isEnding) return failed(troubleOf('the proxy is stopping'))
      this.#startMissing(next)
      const asked = this.#fitFor(next)
      const answers = await Promise.all(asked.map((worker) => prepareOne(worker, next)))
      const trouble = answers.find((answer) => answer !== DIED && answer !== undefined)
      isPrepared = trouble === undefined && answers.some((answer) => answer === undefined)
      if (isPrepared) return ok(this.#prepared(next, asked, release))
      await discardAll(asked)
      return failed(trouble ?? troubleOf('no worker process could be started'))
    } finally {
      // Else it is released with the commit or the discard.
      if (!isPrepared) release()
    }
  }

  #prepared(
    next: Assembled,
    asked: readonly WorkerProcess[],
    release: () => void,
  ): PreparedTraffic {
    const end = async (act: () => Promise<unknown>): Promise<void> => {
      try {
        await act()
      } finally {
        release()
        this.#fill()
      }
    }
    return {
      commit: () =>
        end(async () => {
          this.#inForce = next
          this.#signIns.adopt(next)
          await Promise.all(asked.map((worker) => this.#commitOne(worker, next)))
          const kept = asked.slice(0, this.#scope.countOf(next))
          const surplus = this.#staying.filter((worker) => !kept.includes(worker))
          sendAway(surplus, next.rules.timeouts.drainMs, this.#scope.logger)
        }),
      discard: () => end(() => discardAll(asked)),
    }
  }

  /** Those that leave too. */
  get workers(): readonly WorkerProcess[] {
    return [...this.#workers]
  }

  async collectMetrics(): Promise<readonly (readonly MetricJson[])[]> {
    const parts = await this.#metrics.collect([...this.#workers])
    const up = this.#staying.filter(({ isServing }) => isServing).length
    const wanted = this.#inForce ? this.#scope.countOf(this.#inForce) : 0
    const counts = workerCountsJson({ up, wanted, restarts: this.#restarts.count })
    return [...parts, counts, this.#signIns.collect()]
  }

  look(wish: LookWish): Promise<readonly TrafficLook[]> {
    return this.#look.look(this.workers, wish)
  }

  noteHealth(check: ServerCheck): void {
    this.#facts.noteHealth(check)
  }

  staple(staples: readonly Staple[]): void {
    this.#facts.staple(staples)
  }

  drain(place: string, isDrained: boolean): void {
    this.#facts.drain(place, isDrained)
  }

  trace(request: TraceRequest, sink: TraceSink): Promise<EndTrace> {
    return this.#traces.start(request, sink)
  }

  async leave(): Promise<void> {
    this.#isEnding = true
    await Promise.all([...this.#workers].map((worker) => leaveWith(worker)))
  }

  cut(): void {
    for (const worker of this.#workers) worker.tell({ kind: 'cut' })
  }

  async kill(): Promise<void> {
    this.#isEnding = true
    clearInterval(this.#ticks)
    this.#signIns.stop()
    await Promise.all([...this.#workers].map((worker) => worker.end(END_GRACE_MS)))
  }

  get #staying(): WorkerProcess[] {
    return [...this.#workers].filter(({ isLeaving }) => !isLeaving)
  }

  /** What a worker may do is settled when it starts: another access log needs other workers. */
  #fitFor({ rules }: Assembled): WorkerProcess[] {
    return this.#staying.filter(({ accessFile }) => accessFile === rules.log.accessFile)
  }

  #startMissing(next: Assembled): void {
    const missing = this.#scope.countOf(next) - this.#fitFor(next).length
    for (let started = 0; started < missing; started++) {
      const identity = {
        number: ++this.#number,
        place: freePlace(this.#staying),
        nowMs: monotonicNow(),
        accessFile: next.rules.log.accessFile,
      }
      const worker = new WorkerProcess(this.#scope.entry, identity, {
        onMessage: (from, message) => {
          if (message.kind === 'sign-ins') this.#signIns.onNotes(from, message.notes)
          else if (message.kind === 'traced') this.#traces.note(message.id, message.traced)
          else this.#facts.take(from, message)
        },
        onExit: (gone, exit) => this.#onExit(gone, exit),
      })
      this.#workers.add(worker)
      this.#metrics.join(worker)
      tellChallenges(worker, this.challenges)
      this.#traces.join(worker)
    }
  }

  /** A worker that begins is told with the commit what is known: all that comes later reaches it like the others. */
  async #commitOne(worker: WorkerProcess, next: Assembled): Promise<void> {
    const knowledge = worker.isServing ? undefined : knowledgeOf(next, this.#facts, monotonicNow())
    const answer = (await worker.ask({ kind: 'commit', knowledge })) as CommitAnswer | typeof DIED
    if (answer === DIED) return
    this.#ports = answer.ports
    if (worker.isServing) return
    worker.isServing = true
    this.#scope.logger.info({ worker: worker.number, pid: worker.pid }, 'worker serves')
  }

  /** Starts what is missing of the configuration in force, when no other is being adopted. */
  #fill(): void {
    void this.#lock.take().then(async (release) => {
      try {
        const inForce = this.#inForce
        if (inForce && !this.#isEnding) await this.#startForce(inForce)
      } finally {
        release()
      }
    })
  }

  async #startForce(inForce: Assembled): Promise<void> {
    this.#startMissing(inForce)
    const starting = this.#staying.filter(({ isServing }) => !isServing)
    await Promise.all(starting.map((worker) => this.#startOne(worker, inForce)))
  }

  async #startOne(worker: WorkerProcess, inForce: Assembled): Promise<void> {
    const answer = await prepareOne(worker, inForce)
    // It heard of the end before it had anything to leave.
    if (this.#isEnding) return worker.end(END_GRACE_MS)
    if (answer === undefined) return this.#commitOne(worker, inForce)
    if (answer !== DIED) {
      const { listener, message } = answer
      this.#scope.logger.error(
        { worker: worker.number, listener, reason: message },
        'worker cannot serve',
      )
      worker.destroy()
    }
  }

  #onExit(worker: WorkerProcess, { code, signal }: WorkerExit): void {
    this.#workers.delete(worker)
    this.#metrics.leave(worker)
    this.#signIns.leave(worker)
    this.#facts.notePulse()
    if (worker.isLeaving || this.#isEnding) return
    const { number, pid, startedAtMs, pulse } = worker
    const connections = pulse.connections.open
    this.#scope.logger.error({ worker: number, pid, code, signal, connections }, 'worker died')
    if (!this.#inForce) return
    const pauseMs = this.#restarts.note(monotonicNow() - startedAtMs)
    setTimeout(() => this.#fill(), pauseMs).unref()
  }

  /** What it has counted is kept. */
  async #release(worker: WorkerProcess): Promise<void> {
    await this.#metrics.update(worker)
    await worker.end(END_GRACE_MS)
  }

  #tick(): void {
    for (const worker of this.#workers) {
      const isEmpty = worker.hasLeft && worker.pulse.connections.open === 0
      if (isEmpty && !this.#isEnding) void this.#release(worker)
      if (isTooSilent(worker, monotonicNow(), this.#scope.logger)) worker.destroy()
    }
  }
}

const troubleOf = (message: string): OpenTrouble => ({ listener: 'workers', message })
