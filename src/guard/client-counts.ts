/**
 * Failed sign-ins by client: a fixed window that begins with the first failure. Unlike a user's, this count must not grow
 * for ever behind an address that many share.
 */
import { type Counted, TieredTable } from './tiered-table.ts'
import type { UserLimit } from './user-counts.ts'

interface ClientEntry extends Counted {
  readonly startedAtMs: number
  /** 0: it is not blocked. */
  readonly blockedUntilMs: number
}

const MOST_CLIENTS = 32_768

export class ClientCounts {
  readonly limit: UserLimit
  readonly #table: TieredTable<ClientEntry>

  constructor(limit: UserLimit, most = MOST_CLIENTS) {
    this.limit = limit
    this.#table = new TieredTable({
      most,
      nearWeight: Math.ceil(limit.failures / 2),
      memoryMs: Math.max(limit.windowMs, limit.blockMs),
    })
  }

  /** Milliseconds until it may try again; 0: now. */
  blockedForMs(client: string, nowMs: number): number {
    const entry = this.#table.get(client, nowMs)
    if (entry) return Math.max(0, entry.blockedUntilMs - nowMs)
    return this.#table.lostWeight(client, nowMs) >= this.limit.failures ? this.limit.blockMs : 0
  }

  /** @returns true when this failure begins a block */
  fail(client: string, nowMs: number): boolean {
    const { failures, windowMs, blockMs } = this.limit
    const before = this.#table.get(client, nowMs)
    const isInWindow = before !== undefined && nowMs - before.startedAtMs < windowMs
    const lost = before ? 0 : this.#table.lostWeight(client, nowMs)
    const weight = (isInWindow ? before.weight : lost) + 1
    const isNew = weight >= failures && (before?.blockedUntilMs ?? 0) <= nowMs
    const startedAtMs = isInWindow ? before.startedAtMs : nowMs
    const blockedUntilMs = isNew ? nowMs + blockMs : (before?.blockedUntilMs ?? 0)
    const staleAtMs = Math.max(startedAtMs + windowMs, blockedUntilMs)
    this.#table.set(client, { weight, startedAtMs, blockedUntilMs, staleAtMs }, nowMs)
    return isNew
  }

  /** Another lyncgate has blocked it. */
  hear(client: string, blockedForMs: number, nowMs: number): void {
    if (this.blockedForMs(client, nowMs) > 0) return
    const blockedUntilMs = nowMs + blockedForMs
    const weight = this.limit.failures
    const entry = { weight, startedAtMs: nowMs, blockedUntilMs, staleAtMs: blockedUntilMs }
    this.#table.set(client, entry, nowMs)
  }

  failuresOf(client: string, nowMs: number): number {
    return this.#table.get(client, nowMs)?.weight ?? 0
  }

  forget(client: string, nowMs: number): void {
    this.#table.delete(client)
    if (this.#table.lostWeight(client, nowMs) === 0) return
    const staleAtMs = nowMs + this.limit.windowMs
    const entry = { weight: 0, startedAtMs: nowMs, blockedUntilMs: 0, staleAtMs }
    this.#table.set(client, entry, nowMs)
  }
}
