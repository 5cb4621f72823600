/** What one process has found out, told to the others: workers know the same of servers and count against the same limits. */
import type { Staple } from '../certificates/ocsp/staple.ts'
import { AnswerShapes, type LearntShape } from '../guard/answer-shape.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { ServerCheck } from '../pools/server-check.ts'
import type { Assembled } from '../runtime/assemble.ts'
import { adoptEjectionNote, healthNote } from './knowledge.ts'
import type { EjectionNote, FromWorker } from './messages.ts'
import { connectionsElsewhere, sumOfConnections, sumOfLoads } from './pulses.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Workers hear of each other's connections so late. */
export const SHARE_MS = 100

export class SharedFacts {
  readonly #workers: ReadonlySet<WorkerProcess>
  readonly #inForce: () => Assembled | undefined
  readonly #shapes = new AnswerShapes()
  #sharing: NodeJS.Timeout | undefined

  /** What can be stapled now. */
  staples: readonly Staple[] = []

  /** @param workers those there are at each moment */
  constructor(workers: ReadonlySet<WorkerProcess>, inForce: () => Assembled | undefined) {
    this.#workers = workers
    this.#inForce = inForce
  }

  noteHealth(check: ServerCheck): void {
    const note = healthNote(check, monotonicNow())
    for (const worker of this.#workers) worker.tell({ kind: 'health', note })
  }

  drain(place: string, isDrained: boolean): void {
    for (const worker of this.#workers) worker.tell({ kind: 'drain', place, isDrained })
  }

  staple(staples: readonly Staple[]): void {
    this.staples = staples
    for (const worker of this.#workers) worker.tell({ kind: 'staple', staples })
  }

  /** What the workers have learnt of the pools' answers to wrong passwords. */
  get shapes(): readonly LearntShape[] {
    return this.#shapes.list()
  }

  /** What a worker has found out. */
  take(
    from: WorkerProcess,
    message: Extract<FromWorker, { kind: 'pulse' | 'ejection' | 'shape' }>,
  ): void {
    switch (message.kind) {
      case 'pulse':
        return this.notePulse()
      case 'ejection':
        return this.#noteEjection(from, message.note)
      case 'shape':
        return this.#noteShape(from, message.learnt)
    }
  }

  #noteShape(from: WorkerProcess, learnt: LearntShape): void {
    this.#shapes.adopt(learnt)
    for (const worker of this.#workers) if (worker !== from) worker.tell({ kind: 'shape', learnt })
  }

  #noteEjection(from: WorkerProcess, note: EjectionNote): void {
    const inForce = this.#inForce()
    if (inForce) adoptEjectionNote(inForce, note, monotonicNow())
    for (const worker of this.#workers) if (worker !== from) worker.tell({ kind: 'ejection', note })
  }

  /** The counts of a worker have changed, or it has gone. Whatever comes at once is told once. */
  notePulse(): void {
    if (this.#sharing) return
    this.#sharing = setTimeout(() => this.#share(), SHARE_MS)
    this.#sharing.unref()
  }

  #share(): void {
    this.#sharing = undefined
    const inForce = this.#inForce()
    if (!inForce) return
    // Limits count over all workers.
    const sum = sumOfConnections(this.#workers)
    const { connectionsPerClient } = inForce.rules.limits
    for (const worker of this.#workers) {
      const connections = connectionsElsewhere(worker, sum, connectionsPerClient)
      worker.tell({ kind: 'elsewhere', connections })
    }
    // The facts of this process are the sums over all workers.
    const loads = sumOfLoads(this.#workers)
    for (const facts of inForce.registry.all()) {
      facts.inFlight = loads.get(facts.key)?.inFlight ?? 0
      facts.pinned = loads.get(facts.key)?.pinned ?? 0
    }
  }
}
