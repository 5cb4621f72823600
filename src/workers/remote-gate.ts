/** A worker's way to the desk, which is in the primary: what it asks and tells goes in batches. */

import type { Attempt, SignInGate, SignInOutcome, Verdict } from '../guard/gate.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { SignInNote, SignInVerdict } from './messages.ts'

/** A primary that hangs is replaced by somebody soon; until then the worker decides alone. */
const ANSWER_MS = 15_000

/** Far more than connections that sign in at once; beyond, a try has to come again. */
const MOST_ASKED = 10_000

interface Asked {
  readonly attempt: Attempt
  readonly answer: (verdict: Verdict) => void
  readonly askedAtMs: number
}

export class RemoteGate implements SignInGate {
  readonly #send: (notes: readonly SignInNote[]) => void
  /** Decides when the primary does not. */
  readonly #own: SignInGate
  readonly #asked = new Map<number, Asked>()
  /** Tickets of our own desk, by those that we gave out. */
  readonly #owned = new Map<number, number>()
  #notes: SignInNote[] = []
  #last = 0

  constructor(send: (notes: readonly SignInNote[]) => void, own: SignInGate) {
    this.#send = send
    this.#own = own
  }

  enter(attempt: Attempt, answer: (verdict: Verdict) => void): () => void {
    if (this.#asked.size >= MOST_ASKED) {
      answer({ kind: 'throttled', retryAfterMs: 1_000 })
      return () => {}
    }
    const id = ++this.#last
    this.#asked.set(id, { attempt, answer, askedAtMs: monotonicNow() })
    this.#tell({ kind: 'enter', id, attempt })
    return () => {
      if (this.#asked.delete(id)) this.#tell({ kind: 'give-up', id })
    }
  }

  settle(ticket: number, outcome: SignInOutcome): void {
    const owned = this.#owned.get(ticket)
    if (owned === undefined) return this.#tell({ kind: 'settle', id: ticket, outcome })
    this.#owned.delete(ticket)
    this.#own.settle(owned, outcome)
  }

  /** The primary has decided. The number of the question is the ticket. */
  onVerdicts(verdicts: readonly SignInVerdict[]): void {
    for (const { id, verdict } of verdicts) {
      const asked = this.#asked.get(id)
      this.#asked.delete(id)
      asked?.answer(verdict.kind === 'pass' ? { kind: 'pass', ticket: id } : verdict)
    }
  }

  /** To be called from time to time: decides what the primary has left open for too long. */
  look(nowMs: number): void {
    for (const [id, { attempt, answer, askedAtMs }] of this.#asked) {
      if (nowMs - askedAtMs < ANSWER_MS) return
      this.#asked.delete(id)
      this.#tell({ kind: 'give-up', id })
      this.#own.enter(attempt, (verdict) => {
        if (verdict.kind !== 'pass') return answer(verdict)
        this.#owned.set(id, verdict.ticket)
        answer({ kind: 'pass', ticket: id })
      })
    }
  }

  /** What one turn of the event loop brings goes in one message. */
  #tell(note: SignInNote): void {
    this.#notes.push(note)
    if (this.#notes.length > 1) return
    setImmediate(() => {
      const notes = this.#notes
      this.#notes = []
      this.#send(notes)
    })
  }
}
