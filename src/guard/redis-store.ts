/**
 * Counts that several lyncgates share, in Redis or Valkey. It is asked with a short time-out and never waited for longer;
 * names and addresses are sent as keyed hashes only.
 */
import { createHmac } from 'node:crypto'
import type { createClient } from '@redis/client'
import type { SettledSignIn } from './sign-in-desk.ts'
import type { Side, UserLimit } from './user-counts.ts'

export interface RedisSettings {
  readonly url: string
  readonly user: string | undefined
  readonly password: string | undefined
  /** PEM of the roots; undefined: those of the system. */
  readonly ca: string | undefined
  /** The key of the hashes. */
  readonly secret: Uint8Array
  readonly timeoutMs: number
}

export interface StoreEvents {
  onUp(): void
  /** @param reason in the words of the client */
  onDown(reason: string): void
}

export interface SharedUser extends Record<Side, number> {
  /** Another one than before: somebody has set the counts back. */
  readonly resets: number
  /** The client has signed in as this user, here or elsewhere. */
  readonly isFamiliar: boolean
}

export interface SharedReading {
  /** In the order of the question. */
  readonly users: readonly SharedUser[]
  readonly clientBlockedForMs: number
}

export interface StoreLimits {
  readonly user: UserLimit
  readonly client: UserLimit
}

type Client = ReturnType<typeof createClient>

const FAMILIAR_MS = 30 * 24 * 3_600_000
const LONGEST_PAUSE_MS = 2_000
/** After a silence nobody is asked for so long: sign-ins are not to wait one by one. */
const REST_MS = 1_000
const MOST_QUEUED = 10_000

export class RedisStore {
  readonly #settings: RedisSettings
  readonly #events: StoreEvents
  readonly #now: () => number
  #client: Client | undefined
  #isClosed = false
  #isUp = false
  #restsUntilMs = 0
  errors = 0

  /** @param now monotonic milliseconds */
  constructor(settings: RedisSettings, events: StoreEvents, now: () => number) {
    this.#settings = settings
    this.#events = events
    this.#now = now
    void this.#open().catch((error: unknown) => this.#fail(String(error)))
  }

  /** False also for a while after it was too slow. */
  get isUp(): boolean {
    return this.#isUp && this.#now() >= this.#restsUntilMs
  }

  /** The package is loaded by those only who use it. */
  async #open(): Promise<void> {
    const { createClient } = await import('@redis/client')
    if (this.#isClosed) return
    const { url, user, password, ca, timeoutMs } = this.#settings
    const tls = url.startsWith('rediss:') ? { tls: true as const, ...(ca && { ca }) } : {}
    const client: Client = createClient({
      url,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      disableOfflineQueue: true,
      commandsQueueMaxLength: MOST_QUEUED,
      socket: {
        ...tls,
        connectTimeout: Math.max(1_000, timeoutMs),
        reconnectStrategy: (tries) => Math.min(50 * 2 ** Math.min(tries, 8), LONGEST_PAUSE_MS),
      },
    })
    this.#client = client
    client.on('error', (error: Error) => this.#fail(error.message))
    client.on('ready', () => {
      this.#isUp = true
      this.#restsUntilMs = 0
      this.#events.onUp()
    })
    await client.connect()
  }

  #fail(reason: string): void {
    if (this.#isClosed) return
    this.#isUp = false
    this.#events.onDown(reason)
  }

  /** Undefined: there was no answer in time, or nobody to ask. */
  async read(users: readonly string[], client: string): Promise<SharedReading | undefined> {
    const open = this.#usable()
    if (!open) return undefined
    const asked = Promise.all([
      ...users.map((user) => this.#readUser(open, user, client)),
      open.pTTL(this.#key('block', client)),
    ])
    const answer = await this.#inTime(asked)
    if (!answer) return undefined
    const ttl = answer.at(-1) as number
    return {
      users: answer.slice(0, -1) as readonly SharedUser[],
      clientBlockedForMs: Math.max(0, ttl),
    }
  }

  async #readUser(open: Client, user: string, client: string): Promise<SharedUser> {
    const [counts, familiar] = await Promise.all([
      open.hmGet(this.#key('user', user), ['unfamiliar', 'familiar', 'resets']),
      open.exists(this.#key('known', `${user}\n${client}`)),
    ])
    const [unfamiliar = 0, known = 0, resets = 0] = counts.map((count) => Number(count) || 0)
    return { unfamiliar, familiar: known, resets, isFamiliar: familiar === 1 }
  }

  /** Tells what became of a try. Nobody waits for it. */
  note({ users, sides, client, creditee, outcome }: SettledSignIn, limits: StoreLimits): void {
    const open = this.#usable()
    if (!open || outcome === 'unknown') return
    const told: Promise<unknown>[] = []
    for (const [at, user] of users.entries()) {
      const key = this.#key('user', user)
      const holdMs = Math.max(limits.user.windowMs, limits.user.blockMs)
      const side = sides[at] as Side
      if (outcome === 'failed') told.push(open.hIncrBy(key, side, 1), open.pExpire(key, holdMs))
      else if (user === creditee) {
        const known = this.#key('known', `${user}\n${client}`)
        told.push(open.set(known, '1', { expiration: { type: 'PX', value: FAMILIAR_MS } }))
        if (side === 'familiar') told.push(open.hSet(key, 'familiar', 0), open.pExpire(key, holdMs))
        else told.push(this.#reset(open, user, holdMs))
      }
    }
    if (outcome === 'failed') told.push(this.#failClient(open, client, limits.client))
    void this.#inTime(Promise.all(told))
  }

  /** A command has ended a block: every replica is to hear of it. */
  forget(kind: 'user' | 'client', name: string, limits: StoreLimits): void {
    const open = this.#usable()
    if (!open) return
    const { windowMs, blockMs } = limits.user
    const told: Promise<unknown> =
      kind === 'user'
        ? this.#reset(open, name, Math.max(windowMs, blockMs))
        : open.del([this.#key('block', name), this.#key('client', name)])
    void this.#inTime(told)
  }

  async #reset(open: Client, user: string, holdMs: number): Promise<void> {
    const key = this.#key('user', user)
    await Promise.all([
      open.hDel(key, ['unfamiliar', 'familiar']),
      open.hIncrBy(key, 'resets', 1),
      open.pExpire(key, holdMs),
    ])
  }

  async #failClient(open: Client, client: string, limit: UserLimit): Promise<void> {
    const key = this.#key('client', client)
    const failures = await open.incr(key)
    if (failures === 1) await open.pExpire(key, limit.windowMs)
    if (failures < limit.failures) return
    const expiration = { type: 'PX', value: limit.blockMs } as const
    await open.set(this.#key('block', client), '1', { expiration, condition: 'NX' })
  }

  #usable(): Client | undefined {
    return this.isUp ? this.#client : undefined
  }

  /** The answer; undefined when it comes too late or not at all. */
  async #inTime<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), this.#settings.timeoutMs)
    })
    try {
      return await Promise.race([asked, late])
    } catch (error) {
      this.errors++
      this.#restsUntilMs = this.#now() + REST_MS
      this.#events.onDown(error instanceof Error ? error.message : String(error))
      // What still comes of it is nobody's business.
      asked.catch(() => {})
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  #key(kind: string, name: string): string {
    const hash = createHmac('sha256', this.#settings.secret)
      .update(`${kind}\n${name}`)
      .digest('hex')
    return `lyncgate:${kind}:${hash.slice(0, 40)}`
  }

  close(): void {
    this.#isClosed = true
    this.#isUp = false
    try {
      this.#client?.destroy()
    } catch {
      // It was not connected.
    }
  }
}
