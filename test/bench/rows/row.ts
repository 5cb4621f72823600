/** A row of the benchmark: one question to all contestants, or to lyncgate in two shapes. */
import type { Bench } from '../bench.ts'
import type { Cell, Series } from '../results.ts'

/** Of rows about small requests. */
export const SMALL_CONNECTIONS = 64
/** Of each connection, before anything counts. */
export const WARM_REQUESTS = 60

export interface Row {
  readonly name: string
  /** What it measures and how, in sentences for the page. */
  readonly says: string
  measure(bench: Bench): Promise<readonly Series[]>
}

/** Figures in nanoseconds, for so many of what they are told for. */
export const inMicroseconds = (cells: Readonly<Record<string, Cell>>, times = 1) =>
  Object.fromEntries(
    Object.entries(cells).map(([name, cell]): [string, Cell] => [
      name,
      'rounds' in cell ? { rounds: cell.rounds.map((ns) => (ns / 1000) * times) } : cell,
    ]),
  )
