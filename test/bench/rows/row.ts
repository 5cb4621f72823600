/** A row of the benchmark: one question to all contestants, or to lyncgate in two shapes. */
import type { Bench } from '../bench.ts'
import type { Series } from '../results.ts'

export interface Row {
  readonly name: string
  /** What it measures and how, in sentences for the page. */
  readonly says: string
  measure(bench: Bench): Promise<readonly Series[]>
}
