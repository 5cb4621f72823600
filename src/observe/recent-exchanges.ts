/**
 * The exchanges that ended last, kept for whoever looks at the status page. Bounded in number and in size; what leaves
 * it has the same secrets taken out as the log.
 */
import type { AccessRecord } from './access-log.ts'
import { redactTarget } from './redact.ts'

/** Exchanges that one process keeps at most. */
export const KEPT_EXCHANGES = 500

/** Characters of each text that a client, or a server, has chosen. */
const MAX_TEXT = 512

/** One of them. Moments travel as ages: the monotonic clocks of two processes differ. */
export interface RecentExchange
  extends Omit<AccessRecord, 'revision' | 'affinity' | 'connectMs' | 'diagnostics'> {
  /** Milliseconds since its end. */
  readonly agoMs: number
}

/** What has come together since it was taken last. */
export interface TakenExchanges {
  /** Those that ended first come first. */
  readonly exchanges: readonly RecentExchange[]
  /** Older ones that were overwritten before anybody took them. */
  readonly missed: number
}

/** On the path of every request while the file has an admin address: two writes into arrays. */
export class RecentExchanges {
  readonly #records: AccessRecord[] = []
  readonly #endedAtMs = new Float64Array(KEPT_EXCHANGES)
  /** All that were ever pushed since it was taken. */
  #count = 0

  /** @param endedAtMs monotonic */
  push(record: AccessRecord, endedAtMs: number): void {
    const at = this.#count++ % KEPT_EXCHANGES
    this.#records[at] = isLong(record) ? shortened(record) : record
    this.#endedAtMs[at] = endedAtMs
  }

  /** Empties it. @param nowMs monotonic */
  take(nowMs: number): TakenExchanges {
    const missed = Math.max(0, this.#count - KEPT_EXCHANGES)
    const exchanges: RecentExchange[] = []
    for (let n = missed; n < this.#count; n++) {
      const at = n % KEPT_EXCHANGES
      const record = this.#records[at]
      if (record) exchanges.push(shownOf(record, nowMs - (this.#endedAtMs[at] as number)))
    }
    this.#records.length = 0
    this.#count = 0
    return { exchanges, missed }
  }
}

/** A head may be long, and a record must not keep all of it. */
const isLong = ({ target, userAgent, host, reason }: AccessRecord): boolean =>
  target.length > MAX_TEXT ||
  host.length > MAX_TEXT ||
  (userAgent !== undefined && userAgent.length > MAX_TEXT) ||
  (reason !== undefined && reason.length > MAX_TEXT)

const shortened = (record: AccessRecord): AccessRecord => ({
  ...record,
  // Secrets first: half of a pair might no longer look like one.
  target: copyOf(redactTarget(record.target)),
  host: copyOf(record.host),
  userAgent: record.userAgent && copyOf(record.userAgent),
  reason: record.reason && copyOf(record.reason),
  diagnostics: undefined,
})

/** A slice would keep the whole text in memory. */
const copyOf = (text: string): string =>
  text.length <= MAX_TEXT ? text : `${Buffer.from(text.slice(0, MAX_TEXT)).toString()}…`

function shownOf(record: AccessRecord, agoMs: number): RecentExchange {
  const { revision, affinity, connectMs, diagnostics, ...shown } = record
  const target = copyOf(redactTarget(record.target))
  return { ...shown, target, agoMs }
}
