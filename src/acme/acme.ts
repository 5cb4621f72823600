/**
 * Obtains certificates and renews them, for as long as the proxy runs. It changes nothing that is served: a new
 * certificate is a file like others, and `onIssued` asks for a reload.
 */
import type { AcmeRule } from '../config/rules.ts'
import type { Logger } from '../observe/logger.ts'
import { detailsOf } from './acme-trouble.ts'
import type { ChallengeStore } from './challenge-store.ts'
import { type HeldLease, Lease, type LeaseTimes, leaseTimes } from './lease.ts'
import { type NamePlan, nextDue, planName } from './plan.ts'
import { Round } from './round.ts'
import { type State, Storage } from './storage.ts'

/** Time and chance, from outside. */
export interface AcmeClock {
  /** Milliseconds since 1970. */
  now(): number
  /** @returns takes it back */
  after(ms: number, act: () => void): () => void
  /** From 0 to 1. */
  chance(): number
}

export interface AcmeTimes extends LeaseTimes {
  /** How often the challenges of the other lyncgates are read. */
  readonly tickMs: number
  /** How long they take to read ours. */
  readonly spreadMs: number
  /** At the latest after so long the storage is looked at again: others may have changed it. */
  readonly lookMs: number
}

export const acmeTimes: AcmeTimes = {
  ...leaseTimes,
  tickMs: 1_000,
  spreadMs: 2_500,
  lookMs: 60_000,
}

export interface AcmeScope {
  readonly logger: Logger
  readonly clock: AcmeClock
  /** Where the listeners look. */
  readonly challenges: ChallengeStore
  /** A certificate was put into the storage. */
  readonly onIssued: () => void
  readonly times?: AcmeTimes
}

/** What the configuration in force wants. */
interface Task {
  readonly rule: AcmeRule
  readonly names: readonly string[]
  readonly storage: Storage
  readonly lease: Lease
}

export class Acme {
  readonly #scope: AcmeScope
  readonly #times: AcmeTimes
  readonly #stopped = new AbortController()
  #task: Task | undefined
  #nextLookAt = 0
  #cancelTick = (): void => {}
  #running: Promise<void> = Promise.resolve()
  /** The trouble with the storage that was logged last, so that it is not logged every minute. */
  #logged = ''

  constructor(scope: AcmeScope) {
    this.#scope = scope
    this.#times = scope.times ?? acmeTimes
    this.#tickSoon()
  }

  /**
   * From now on these names. What runs is finished.
   * @param rule undefined: nothing is obtained
   * @param names lower-case DNS names
   */
  follow(rule: AcmeRule | undefined, names: readonly string[]): void {
    const before = this.#task
    if (JSON.stringify([before?.rule, before?.names ?? []]) === JSON.stringify([rule, names]))
      return
    this.#nextLookAt = 0
    if (!rule) {
      this.#task = undefined
      return
    }
    const isSame = before?.rule.storage === rule.storage
    const storage = isSame ? before.storage : new Storage(rule.storage)
    this.#task = { rule, names, storage, lease: isSame ? before.lease : this.#leaseOf(storage) }
  }

  /** Gives up what runs. Resolves when the last word is written. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#cancelTick()
    await this.#running
  }

  #tickSoon(): void {
    if (this.#stopped.signal.aborted) return
    this.#cancelTick = this.#scope.clock.after(this.#times.tickMs, () => {
      this.#running = this.#tick().then(() => this.#tickSoon())
    })
  }

  /** Reads what others publish, and looks for something to do now and then. Never rejects. */
  async #tick(): Promise<void> {
    const task = this.#task
    if (!task) return
    const { clock } = this.#scope
    try {
      await this.#mirror(task)
      if (clock.now() < this.#nextLookAt) return
      await this.#look(task)
      this.#logged = ''
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.#logTrouble(task, error)
      this.#nextLookAt = clock.now() + this.#times.lookMs
    }
  }

  async #look(task: Task): Promise<void> {
    const { clock } = this.#scope
    const { storage } = task
    const plans = await this.#plan(task, await storage.readState())
    const isDue = plans.some((plan) => nextDue(plan) <= clock.now())
    // What one that died was asked for must not be answered for ever.
    const hasLeftovers = (await storage.readChallenges()).length > 0
    if (!isDue && !hasLeftovers) {
      const next = Math.min(...plans.map(nextDue), clock.now() + this.#times.lookMs)
      this.#nextLookAt = next
      return
    }
    await storage.prepare(clock.now())
    const held = await task.lease.acquire()
    if (!held) {
      this.#nextLookAt = clock.now() + this.#times.beatMs
      return
    }
    try {
      await this.#runRound(task, held)
    } finally {
      await held.release()
    }
  }

  async #runRound(task: Task, held: HeldLease): Promise<void> {
    const { logger, clock, challenges, onIssued } = this.#scope
    const { rule, storage } = task
    for (const { token } of challenges.list()) challenges.delete(token)
    await storage.writeChallenges([])
    // Read again: another one may have done it all a moment ago.
    const state = await storage.readState()
    const plans = await this.#plan(task, state)
    const signal = AbortSignal.any([held.lost, this.#stopped.signal])
    const sleep = (ms: number): Promise<void> => this.#sleep(ms, signal)
    const { now, chance } = clock
    const { spreadMs } = this.#times
    const round = new Round(
      { logger, rule, storage, challenges, now, sleep, chance, signal, spreadMs, onIssued },
      state,
    )
    await round.run(plans.filter((plan) => nextDue(plan) <= now()))
  }

  async #plan({ rule, names, storage }: Task, state: State): Promise<readonly NamePlan[]> {
    const directories = rule.authorities.map(({ directory }) => directory)
    const plans: NamePlan[] = []
    for (const name of names) {
      const certificate = await storage.readCertificate(name)
      plans.push(planName(name, { certificate, state: state.names.get(name), directories }))
    }
    return plans
  }

  /** While somebody else orders, this one answers too. */
  async #mirror({ storage }: Task): Promise<void> {
    const { challenges } = this.#scope
    const published = await storage.readChallenges()
    const tokens = new Set(published.map(({ token }) => token))
    for (const { token } of challenges.list()) if (!tokens.has(token)) challenges.delete(token)
    for (const challenge of published) challenges.set(challenge)
  }

  #leaseOf(storage: Storage): Lease {
    const { now, after } = this.#scope.clock
    const sleep = (ms: number): Promise<void> => this.#sleep(ms, this.#stopped.signal)
    return new Lease({ file: storage.leaseFile, now, after, sleep, times: this.#times })
  }

  #logTrouble({ rule: { storage } }: Task, error: unknown): void {
    const { detail: reason } = detailsOf(error)
    if (reason === this.#logged) return
    this.#logged = reason
    this.#scope.logger.error({ storage, reason }, 'acme: the storage cannot be used')
  }

  /** Rejects when it is given up. */
  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = (): void => {
        cancel()
        reject(signal.reason)
      }
      const cancel = this.#scope.clock.after(ms, () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }
}
