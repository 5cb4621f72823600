/** Asks one server one thing again and again: one question at a time, until it is stopped. */
import type { Server } from '../pools/server.ts'
import type { HealthStatus, ServerCheck } from '../pools/server-check.ts'
import type { CheckResult } from './check-result.ts'
import type { AskServer } from './check-server.ts'
import type { CheckSlots } from './check-slots.ts'
import { nextDelayMs, nextHealth } from './health-state.ts'

export interface WatchScope {
  readonly ask: AskServer
  readonly slots: CheckSlots
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** 0 to 1. */
  readonly chance: () => number
  /** Acts after so many milliseconds. @returns a way to call it off */
  readonly after: (ms: number, act: () => void) => () => void
  readonly onChange: (watch: ServerWatch, before: HealthStatus) => void
}

/** What is watched: a server of a pool, one for all that have the same check. */
export interface Subject {
  readonly server: Server
  readonly check: ServerCheck
}

export class ServerWatch {
  readonly #scope: WatchScope
  #subject: Subject
  /** Ends what is going on: a wait, a place in the queue, a check. */
  #end: () => void = () => {}
  #isStopped = false
  #isWaiting = false

  constructor(subject: Subject, scope: WatchScope) {
    this.#subject = subject
    this.#scope = scope
    this.#queue()
  }

  get subject(): Subject {
    return this.#subject
  }

  /** The same check under another configuration. One that is running ends as it began. */
  adopt(subject: Subject): void {
    const { intervalMs } = this.#subject.check.timing
    this.#subject = subject
    if (!this.#isWaiting || subject.check.timing.intervalMs === intervalMs) return
    this.#end()
    this.#queue()
  }

  stop(): void {
    this.#isStopped = true
    this.#end()
  }

  #queue(): void {
    this.#isWaiting = false
    let hasBegun = false
    const leave = this.#scope.slots.take((release) => {
      hasBegun = true
      this.#ask(release)
    })
    if (!hasBegun) this.#end = leave
  }

  #ask(release: () => void): void {
    const { ask, now } = this.#scope
    const { server, check } = this.#subject
    const startedAtMs = now()
    const giveUp = ask(server, check, (result) => {
      release()
      if (this.#isStopped) return
      this.#judge(result)
      this.#wait(now() - startedAtMs)
    })
    this.#end = () => {
      giveUp()
      release()
    }
  }

  #judge(result: CheckResult): void {
    const { health, timing } = this.#subject.check
    const before = health.status
    Object.assign(health, nextHealth(health, result.ok, timing))
    health.reason = result.ok ? undefined : result.reason
    if (before === health.status) return
    if (before === 'unhealthy') health.returnedAtMs = this.#scope.now()
    this.#scope.onChange(this, before)
  }

  #wait(tookMs: number): void {
    const { after, chance } = this.#scope
    const delayMs = nextDelayMs(this.#subject.check.timing.intervalMs, tookMs, chance())
    this.#isWaiting = true
    this.#end = after(delayMs, () => this.#queue())
  }
}
