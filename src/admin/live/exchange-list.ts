/** The last exchanges of all processes in one list, newest at the end, as the status page shows them. */
import type { RecentExchange } from '../../observe/recent-exchanges.ts'
import type { TrafficLook } from '../../runtime/look-at-traffic.ts'
import { isRefusal, isTrouble } from './outcome-kind.ts'

/** How many are kept, and sent to somebody who begins to look. */
export const LISTED_EXCHANGES = 500

/** What is sent at once of what is new. */
const AT_ONCE = 200

export type OutcomeKind = 'good' | 'refused' | 'trouble' | 'left'

/** One exchange that has ended. docs/admin-api.md has every key. */
export interface ListedExchange {
  readonly id: string
  readonly at: string
  readonly listener: string
  readonly tls: boolean
  readonly client: string
  readonly method: string
  readonly host: string
  readonly target: string
  readonly userAgent: string | null
  readonly rule: string | null
  readonly pool: string | null
  readonly server: string | null
  readonly pinned: boolean
  readonly status: number
  readonly outcome: string
  readonly kind: OutcomeKind
  readonly reason: string | null
  readonly strict: string | null
  readonly requestBytes: number
  readonly responseBytes: number
  readonly firstByteMs: number | null
  readonly totalMs: number
}

/** What is new in the list. */
export interface ExchangeNews {
  readonly exchanges: readonly ListedExchange[]
  /** Exchanges that ended too fast one after the other to be listed. */
  readonly missed: number
}

export class ExchangeList {
  #listed: readonly ListedExchange[] = []

  get listed(): readonly ListedExchange[] {
    return this.#listed
  }

  /** Takes up what has ended since the last look; returns the news. */
  add(looks: readonly TrafficLook[], now: Date): ExchangeNews {
    const taken = looks.flatMap(({ recent }) => recent ?? [])
    const all = taken.flatMap(({ exchanges }) => exchanges.map((each) => listedOf(each, now)))
    all.sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)))
    const exchanges = all.slice(-AT_ONCE)
    const overwritten = taken.reduce((sum, { missed }) => sum + missed, 0)
    this.#listed = [...this.#listed, ...all].slice(-LISTED_EXCHANGES)
    return { exchanges, missed: overwritten + all.length - exchanges.length }
  }
}

function listedOf(exchange: RecentExchange, now: Date): ListedExchange {
  const { agoMs, userAgent, rule, pool, server, reason, strict, firstByteMs, ...rest } = exchange
  return {
    ...rest,
    at: new Date(now.getTime() - agoMs).toISOString(),
    userAgent: userAgent ?? null,
    rule: rule ?? null,
    pool: pool ?? null,
    server: server ?? null,
    kind: kindOf(exchange),
    reason: reason ?? null,
    strict: strict ?? null,
    firstByteMs: firstByteMs ?? null,
  }
}

function kindOf({ outcome, status }: RecentExchange): OutcomeKind {
  if (outcome === 'client-left') return 'left'
  if (isTrouble(outcome) || status >= 500) return 'trouble'
  return isRefusal(outcome) ? 'refused' : 'good'
}
