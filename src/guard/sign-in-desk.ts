/** Decides which try of a password is passed on. One for all processes of a proxy: each try is asked for here. */
import { type Block, type BlockEvent, Blocks } from './blocks.ts'
import { ClientCounts } from './client-counts.ts'
import { clientKey } from './connection-limits.ts'
import { FamiliarClients } from './familiar-clients.ts'
import type { Attempt, SignInGate, SignInOutcome, Verdict } from './gate.ts'
import { type Leave, type Side, UserCounts, type UserLimit } from './user-counts.ts'

export interface DeskSettings {
  /** `observe` counts and tells, but passes everything on. */
  readonly mode: 'enforce' | 'observe' | 'off'
  readonly perUser: UserLimit
  readonly perClient: UserLimit
  /** Never counted and never refused. */
  readonly isAllowedClient: (address: string) => boolean
  /** Keys of accounts. */
  readonly allowedUsers: ReadonlySet<string>
}

/** A desk without settings lets everything pass. */
export interface DeskScope {
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onEvent: (event: BlockEvent) => void
  /** Calls back once after so many milliseconds; returns the way to stop it. */
  readonly after: (ms: number, run: () => void) => () => void
}

/** A try whose outcome is known, as others may want to count it. */
export interface SettledSignIn {
  readonly users: readonly string[]
  readonly sides: readonly Side[]
  readonly creditee: string | undefined
  /** The key of the client. */
  readonly client: string
  readonly outcome: SignInOutcome
}

/** What others have counted of an attempt, in the order of its users. */
export interface HeardCounts {
  readonly users: readonly (Record<Side, number> & {
    readonly resets: number
    readonly isFamiliar: boolean
  })[]
  readonly clientBlockedForMs: number
}

interface Ticket {
  readonly attempt: Attempt
  readonly client: string
  /** Of each user, in the order of the attempt. */
  readonly sides: readonly Side[]
}

interface Waiter {
  readonly attempt: Attempt
  /** Whose tries it waits for. */
  user: string
  /** Ends the waiting. */
  readonly end: (verdict: Verdict) => void
}

/** A server answers a type 3 within milliseconds; whoever waits longer waits for one that hangs. */
const WAIT_MS = 10_000
const MOST_WAITERS_PER_USER = 32
const BLOCKED: Verdict = { kind: 'blocked' }
/** The ticket of what is not counted. */
const UNCOUNTED: Verdict = { kind: 'pass', ticket: 0 }

export class SignInDesk implements SignInGate {
  readonly #scope: DeskScope
  readonly #familiar = new FamiliarClients()
  readonly blocks: Blocks
  #settings: DeskSettings | undefined
  #users: UserCounts | undefined
  #clients: ClientCounts | undefined
  readonly #tickets = new Map<number, Ticket>()
  readonly #waiting = new Map<string, Set<Waiter>>()
  #lastTicket = 0
  onSettled: (settled: SettledSignIn) => void = () => {}
  onForgotten: (kind: Block['kind'], name: string) => void = () => {}

  constructor(scope: DeskScope) {
    this.#scope = scope
    this.blocks = new Blocks(scope.onEvent)
  }

  /** Counts are kept as long as the limits are the same. */
  adopt(settings: DeskSettings): void {
    const isSame = (one: UserLimit | undefined, other: UserLimit): boolean =>
      JSON.stringify(one) === JSON.stringify(other)
    this.#settings = settings
    const isNewUsers = !isSame(this.#users?.limit, settings.perUser)
    const isNewClients = !isSame(this.#clients?.limit, settings.perClient)
    if (isNewUsers) this.#users = new UserCounts(settings.perUser, this.#familiar)
    if (isNewClients) this.#clients = new ClientCounts(settings.perClient)
    if (isNewUsers || isNewClients) {
      this.#tickets.clear()
      this.blocks.clear()
    }
    for (const user of [...this.#waiting.keys()]) this.#retry(user)
  }

  get limits(): { readonly user: UserLimit; readonly client: UserLimit } | undefined {
    return this.#settings && { user: this.#settings.perUser, client: this.#settings.perClient }
  }

  /** False: this attempt passes whatever has failed. */
  counts({ clientAddress }: Attempt): boolean {
    const settings = this.#settings
    return (
      settings !== undefined && settings.mode !== 'off' && !settings.isAllowedClient(clientAddress)
    )
  }

  clientOf = ({ clientAddress }: Attempt): string => clientKey(clientAddress)

  /** Takes up what others have counted. Counts only rise by it, unless somebody has set them back. */
  hear(attempt: Attempt, { users: heard, clientBlockedForMs }: HeardCounts): void {
    const nowMs = this.#scope.now()
    const client = clientKey(attempt.clientAddress)
    for (const [at, user] of attempt.users.entries()) {
      const counts = heard[at]
      if (counts) this.#hearUser(user, client, counts)
    }
    if (clientBlockedForMs > 0) this.#clients?.hear(client, clientBlockedForMs, nowMs)
  }

  #hearUser(user: string, client: string, counts: HeardCounts['users'][number]): void {
    const users = this.#users
    const nowMs = this.#scope.now()
    if (!users) return
    users.hear(user, client, counts, nowMs)
    const isBlocked = users.isBlocked(user, 'unfamiliar', nowMs)
    if (!isBlocked) this.blocks.end('user', user, 'elsewhere')
    else if (!this.blocks.has('user', user)) this.#noteUser(users, user)
  }

  get mode(): DeskSettings['mode'] {
    return this.#settings?.mode ?? 'off'
  }

  enter(attempt: Attempt, answer: (verdict: Verdict) => void): () => void {
    const verdict = this.#decide(attempt)
    if (typeof verdict !== 'string') {
      answer(verdict)
      return () => {}
    }
    return this.#wait(verdict, attempt, answer)
  }

  /** A verdict, or the user whose tries under way must be waited for. */
  #decide(attempt: Attempt): Verdict | string {
    const settings = this.#settings
    const users = this.#users
    if (!settings || !users || settings.mode === 'off') return UNCOUNTED
    if (settings.isAllowedClient(attempt.clientAddress)) return UNCOUNTED
    const counted = attempt.users.filter((user) => !settings.allowedUsers.has(user))
    if (attempt.users.length > 0 && counted.length === 0) return UNCOUNTED
    const nowMs = this.#scope.now()
    const client = clientKey(attempt.clientAddress)
    const sides = counted.map((user) => users.sideOf(user, client, nowMs))
    if (settings.mode === 'enforce') {
      const retryAfterMs = this.#clients?.blockedForMs(client, nowMs) ?? 0
      if (retryAfterMs > 0) return { kind: 'throttled', retryAfterMs }
      const leaves = counted.map((user, at): Leave => {
        return users.leaveFor(user, sides[at] as Side, nowMs)
      })
      if (leaves.includes('blocked')) return BLOCKED
      const busy = counted[leaves.indexOf('wait')]
      if (busy !== undefined) return busy
    }
    for (const [at, user] of counted.entries()) users.begin(user, sides[at] as Side)
    const ticket = ++this.#lastTicket
    this.#tickets.set(ticket, { attempt: { ...attempt, users: counted }, client, sides })
    return { kind: 'pass', ticket }
  }

  #wait(user: string, attempt: Attempt, answer: (verdict: Verdict) => void): () => void {
    if ((this.#waiting.get(user)?.size ?? 0) >= MOST_WAITERS_PER_USER) {
      answer(BLOCKED)
      return () => {}
    }
    const giveUp = (): void => {
      stop()
      this.#leave(waiter)
    }
    const end = (verdict: Verdict): void => {
      giveUp()
      answer(verdict)
    }
    const stop = this.#scope.after(WAIT_MS, () => end(BLOCKED))
    const waiter: Waiter = { attempt, user, end }
    this.#queue(waiter)
    return giveUp
  }

  #queue(waiter: Waiter): void {
    const waiters = this.#waiting.get(waiter.user) ?? new Set()
    this.#waiting.set(waiter.user, waiters.add(waiter))
  }

  #leave(waiter: Waiter): void {
    const waiters = this.#waiting.get(waiter.user)
    if (waiters?.delete(waiter) && waiters.size === 0) this.#waiting.delete(waiter.user)
  }

  settle(number: number, outcome: SignInOutcome): void {
    const ticket = this.#tickets.get(number)
    const users = this.#users
    if (!ticket || !users) return
    this.#tickets.delete(number)
    const { attempt, client, sides } = ticket
    const nowMs = this.#scope.now()
    for (const [at, user] of attempt.users.entries()) {
      users.end(user, sides[at] as Side)
      if (outcome === 'failed') this.#failUser(users, user, sides[at] as Side)
      if (outcome !== 'succeeded' || user !== attempt.creditee) continue
      const side = sides[at] as Side
      users.succeed(user, client, side, nowMs)
      if (!users.isBlocked(user, 'unfamiliar', nowMs)) this.blocks.end('user', user, 'sign-in')
    }
    if (outcome === 'failed') this.#failClient(client)
    const { users: names, creditee } = attempt
    this.onSettled({ users: names, sides, creditee, client, outcome })
    for (const user of attempt.users) this.#retry(user)
  }

  #failUser(users: UserCounts, user: string, side: Side): void {
    users.fail(user, side, this.#scope.now())
    this.#noteUser(users, user)
  }

  #noteUser(users: UserCounts, user: string): void {
    const nowMs = this.#scope.now()
    const { weight: failures } = users.entryOf(user, nowMs)
    const isForFamiliar = users.isBlocked(user, 'familiar', nowMs)
    if (!isForFamiliar && !users.isBlocked(user, 'unfamiliar', nowMs)) return
    const untilMs = nowMs + users.holdMs
    const sinceMs = nowMs
    this.blocks.note({ kind: 'user', name: user, failures, sinceMs, untilMs, isForFamiliar })
  }

  #failClient(client: string): void {
    const clients = this.#clients
    const nowMs = this.#scope.now()
    if (!clients?.fail(client, nowMs)) return
    const failures = clients.failuresOf(client, nowMs)
    const untilMs = nowMs + clients.limit.blockMs
    const common = { kind: 'client', name: client, failures, isForFamiliar: false } as const
    this.blocks.note({ ...common, sinceMs: nowMs, untilMs })
  }

  /** Something has become of a try of this user: those who wait are looked at again, in their order. */
  #retry(user: string): void {
    for (const waiter of [...(this.#waiting.get(user) ?? [])]) {
      const verdict = this.#decide(waiter.attempt)
      if (typeof verdict !== 'string') {
        waiter.end(verdict)
        continue
      }
      if (verdict === user) continue
      this.#leave(waiter)
      waiter.user = verdict
      this.#queue(waiter)
    }
  }

  /** Takes a block back, with all that was counted. @returns false: nothing by this name is listed */
  unblock(kind: Block['kind'], name: string): boolean {
    const nowMs = this.#scope.now()
    if (kind === 'user') this.#users?.forget(name, nowMs)
    else this.#clients?.forget(name, nowMs)
    const wasBlocked = this.blocks.end(kind, name, 'command')
    this.onForgotten(kind, name)
    if (kind === 'user') this.#retry(name)
    return wasBlocked
  }
}
