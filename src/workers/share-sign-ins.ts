/** The desk of the primary, as its workers use it: every try of all of them is asked for here. */
import type { SignInGate } from '../guard/gate.ts'
import type { SignInDesk } from '../guard/sign-in-desk.ts'
import type { Logger } from '../observe/logger.ts'
import type { MetricJson } from '../observe/metrics/metric-json.ts'
import type { Assembled } from '../runtime/assemble.ts'
import { type RunningDesk, startDesk } from '../runtime/start-desk.ts'
import type { SignInNote, SignInVerdict, ToWorker } from './messages.ts'

type Asker = { tell(message: Extract<ToWorker, { kind: 'verdicts' }>): void }

interface Open {
  /** Undefined: it is still waited for. */
  ticket: number | undefined
  giveUp: () => void
}

export class SharedSignIns<Worker extends Asker> {
  readonly #running: RunningDesk
  readonly #desk: SignInGate
  /** By worker and the number it gave. */
  readonly #open = new Map<Worker, Map<number, Open>>()
  readonly #verdicts = new Map<Worker, SignInVerdict[]>()

  constructor(logger: Logger) {
    this.#running = startDesk(logger)
    this.#desk = this.#running.gate
  }

  get desk(): SignInDesk {
    return this.#running.desk
  }

  adopt(next: Assembled): void {
    this.#running.adopt(next)
  }

  stop(): void {
    this.#running.stop()
  }

  collect(): readonly MetricJson[] {
    return this.#running.collect()
  }

  onNotes(from: Worker, notes: readonly SignInNote[]): void {
    for (const note of notes) this.#take(from, note)
  }

  /** It has ended: what became of its tries is not known. */
  leave(worker: Worker): void {
    for (const { ticket, giveUp } of this.#open.get(worker)?.values() ?? []) {
      giveUp()
      if (ticket !== undefined) this.#desk.settle(ticket, 'unknown')
    }
    this.#open.delete(worker)
    this.#verdicts.delete(worker)
  }

  #take(from: Worker, note: SignInNote): void {
    const own = this.#open.get(from) ?? new Map<number, Open>()
    this.#open.set(from, own)
    const { id } = note
    if (note.kind === 'enter') return this.#enter(from, own, note)
    const open = own.get(id)
    own.delete(id)
    open?.giveUp()
    if (open?.ticket === undefined) return
    this.#desk.settle(open.ticket, note.kind === 'settle' ? note.outcome : 'unknown')
  }

  #enter(
    from: Worker,
    own: Map<number, Open>,
    { id, attempt }: Extract<SignInNote, { kind: 'enter' }>,
  ): void {
    const open: Open = { ticket: undefined, giveUp: () => {} }
    own.set(id, open)
    open.giveUp = this.#desk.enter(attempt, (verdict) => {
      if (verdict.kind === 'pass') open.ticket = verdict.ticket
      else own.delete(id)
      this.#answer(from, { id, verdict })
    })
  }

  #answer(to: Worker, verdict: SignInVerdict): void {
    const waiting = this.#verdicts.get(to)
    if (waiting) {
      waiting.push(verdict)
      return
    }
    this.#verdicts.set(to, [verdict])
    setImmediate(() => {
      const verdicts = this.#verdicts.get(to)
      this.#verdicts.delete(to)
      if (verdicts) to.tell({ kind: 'verdicts', verdicts })
    })
  }
}
