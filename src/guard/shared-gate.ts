/** The gate of a desk that counts together with other lyncgates: before it decides, it hears what they have counted. */
import type { Attempt, SignInGate, SignInOutcome, Verdict } from './gate.ts'
import type { RedisStore } from './redis-store.ts'
import type { SignInDesk } from './sign-in-desk.ts'

export class SharedGate implements SignInGate {
  readonly #desk: SignInDesk
  /** Undefined: the desk counts alone. */
  store: RedisStore | undefined

  constructor(desk: SignInDesk) {
    this.#desk = desk
    desk.onSettled = (settled) => {
      const { limits } = desk
      if (limits) this.store?.note(settled, limits)
    }
    desk.onForgotten = (kind, name) => {
      const { limits } = desk
      if (limits) this.store?.forget(kind, name, limits)
    }
  }

  enter(attempt: Attempt, answer: (verdict: Verdict) => void): () => void {
    const { store } = this
    if (!store?.isUp || !this.#desk.counts(attempt)) return this.#desk.enter(attempt, answer)
    let giveUp: (() => void) | undefined
    let isGone = false
    const { users } = attempt
    void store.read(users, this.#desk.clientOf(attempt)).then((reading) => {
      if (isGone) return
      if (reading) this.#desk.hear(attempt, reading)
      giveUp = this.#desk.enter(attempt, answer)
    })
    return () => {
      isGone = true
      giveUp?.()
    }
  }

  settle(ticket: number, outcome: SignInOutcome): void {
    this.#desk.settle(ticket, outcome)
  }
}
