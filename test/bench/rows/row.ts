/** A row of the benchmark: one question to all contestants, or to lyncgate in two shapes. */
import type { Bench } from '../bench.ts'
import type { Series } from '../results.ts'

/** Of rows about small requests. */
export const SMALL_CONNECTIONS = 64
/** Of each connection, before anything counts. */
export const WARM_REQUESTS = 60

/** What the page says about rows that take `manyRounds`. */
export const MANY_ROUNDS = 'Three times as many rounds as others in a full run, for it swings more.'

export interface Row {
  readonly name: string
  /** What it measures and how, in sentences for the page. */
  readonly says: string
  measure(bench: Bench): Promise<readonly Series[]>
}
