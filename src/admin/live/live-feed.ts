/**
 * What the status page is told: the last quarter of an hour as soon as it opens, then everything that changes. One clock
 * for all who look. While nobody does, workers are asked for a few numbers every other second and for no exchange.
 */
import type { ServerResponse } from 'node:http'
import { failed, ok, type Result } from '../../base/result.ts'
import { monotonicNow } from '../../pipeline/exchange.ts'
import type { LookWish, TrafficLook } from '../../runtime/look-at-traffic.ts'
import type { ApiError } from '../api-error.ts'
import { type EventStream, openEventStream } from './event-stream.ts'
import { ExchangeList, type ExchangeNews } from './exchange-list.ts'
import { pointOf, type Sample, type TrafficPoint } from './traffic-point.ts'

export const TICK_MS = 1_000

/** Every so many ticks there is a point of the charts. */
const TICKS_PER_SAMPLE = 2

/** A quarter of an hour. */
export const HISTORY_POINTS = 450

/** An administrator has a few pages open, not more. */
export const MOST_LISTENERS = 10

export interface FeedScope {
  /** Left out: there are no charts and no exchanges. */
  readonly look?: ((wish: LookWish) => Promise<readonly TrafficLook[]>) | undefined
  /** What `GET /api/status` answers. */
  readonly status: () => object
  readonly now: () => Date
  readonly onFault: (error: unknown) => void
  /** Default: a second. */
  readonly tickMs?: number | undefined
}

export class LiveFeed {
  readonly #scope: FeedScope
  readonly #timer: NodeJS.Timeout
  readonly #listeners = new Set<EventStream>()
  readonly #exchanges = new ExchangeList()
  #history: readonly TrafficPoint[] = []
  #lastSample: Sample | undefined
  #lastLooks: ReadonlyMap<number, TrafficLook> = new Map()
  #lastSampleMs = monotonicNow()
  #lastStatus = ''
  #ticks = 0
  #isTicking = false
  /** Exchanges were taken at the last look: what was missed since then was missed by somebody. */
  #isTaking = false
  #isStopped = false

  constructor(scope: FeedScope) {
    this.#scope = scope
    this.#timer = setInterval(() => void this.#tick(), scope.tickMs ?? TICK_MS)
    this.#timer.unref()
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** Begins an answer that goes on until one of the two sides ends it. */
  listen(
    response: ServerResponse,
    fields: Readonly<Record<string, string>>,
  ): Result<void, ApiError> {
    if (this.#isStopped) return failed(STOPPING)
    if (this.#listeners.size >= MOST_LISTENERS) return failed(TOO_MANY)
    const stream = openEventStream(response, fields, () => this.#listeners.delete(stream))
    this.#listeners.add(stream)
    stream.send('status', JSON.stringify(this.#scope.status()))
    stream.send('history', JSON.stringify({ points: this.#history, now: this.#lastSample ?? null }))
    stream.send('exchanges', JSON.stringify({ exchanges: this.#exchanges.listed, missed: 0 }))
    return ok(undefined)
  }

  /** All who listen may have no right to any more: they come again, and are asked. */
  dismiss(): void {
    for (const stream of this.#listeners) stream.end('changed')
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#timer)
    for (const stream of this.#listeners) stream.end('stopping')
  }

  async #tick(): Promise<void> {
    // A worker that hangs makes a look last longer than a tick.
    if (this.#isTicking) return
    this.#isTicking = true
    try {
      await this.#look()
      this.#sendStatus()
    } catch (error) {
      this.#scope.onFault(error)
    } finally {
      this.#isTicking = false
    }
  }

  async #look(): Promise<void> {
    const isSample = this.#ticks++ % TICKS_PER_SAMPLE === 0
    const takesRecent = this.#listeners.size > 0
    if (!this.#scope.look || !(isSample || takesRecent)) return
    const wasTaking = this.#isTaking
    this.#isTaking = takesRecent
    const looks = await this.#scope.look({ takesRecent })
    if (this.#isStopped) return
    if (isSample) this.#sample(looks)
    const { exchanges, missed } = this.#exchanges.add(looks, this.#scope.now())
    if (exchanges.length === 0) return
    this.#send('exchanges', { exchanges, missed: wasTaking ? missed : 0 } satisfies ExchangeNews)
  }

  #sample(looks: readonly TrafficLook[]): void {
    const nowMs = monotonicNow()
    // A late answer may come together with a new one: the new one counts.
    const newest = new Map(looks.map((each) => [each.process, each]))
    const seconds = Math.round(nowMs - this.#lastSampleMs) / 1000
    const sample = pointOf(this.#lastLooks, [...newest.values()], {
      at: this.#scope.now(),
      seconds,
    })
    this.#lastSampleMs = nowMs
    // One that did not answer in time keeps its counts: what it does meanwhile shows with its next answer.
    this.#lastLooks = new Map([...this.#lastLooks, ...newest].slice(-MOST_PROCESSES))
    this.#lastSample = sample
    this.#history = [...this.#history, sample.point].slice(-HISTORY_POINTS)
    this.#send('sample', sample)
  }

  #sendStatus(): void {
    if (this.#listeners.size === 0) return
    const status = JSON.stringify(this.#scope.status())
    if (status === this.#lastStatus) return
    this.#lastStatus = status
    for (const stream of this.#listeners) stream.send('status', status)
  }

  #send(event: 'sample' | 'exchanges', data: object): void {
    if (this.#listeners.size === 0) return
    const text = JSON.stringify(data)
    for (const stream of this.#listeners) stream.send(event, text)
  }
}

/** Processes that are no more must not pile up. They are numbered as they come. */
const MOST_PROCESSES = 256

const STOPPING: ApiError = {
  code: 'stopping',
  message: 'the admin address is being closed',
  hint: 'try again',
}

const TOO_MANY: ApiError = {
  code: 'too-many-listeners',
  message: `${MOST_LISTENERS} listen already`,
  hint: 'close a page that is not needed',
}
