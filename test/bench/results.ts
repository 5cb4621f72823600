/** The outcome of a run, as it stands in its JSON. */

/** One figure per round, or why there is none. */
export type Cell = { readonly rounds: readonly number[] } | { readonly missing: string }

export type Unit = 'us' | 'ms' | 'KB' | '%' | 'errors' | 'requests/s'

/** A series of figures of the contestants that can be compared with each other. */
export interface Series {
  readonly key: string
  readonly title: string
  readonly unit: Unit
  /** Whose figures the ratios are made to. */
  readonly reference: string
  readonly cells: Readonly<Record<string, Cell>>
}

export interface RowResult {
  readonly row: string
  readonly series: readonly Series[]
  /** It was measured by itself, after the others. */
  readonly anew?: Pick<RunFacts, 'commit' | 'date'>
}

export interface PeerFact {
  readonly name: string
  readonly version?: string
  readonly missing?: string
}

export interface RunFacts {
  readonly date: string
  readonly commit: string
  readonly mode: 'quick' | 'full' | 'partial'
  readonly rounds: number
  readonly windowMs: number
  readonly polls: number
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  readonly openssl: string
}

export interface Run {
  readonly facts: RunFacts
  readonly peers: readonly PeerFact[]
  readonly rows: readonly RowResult[]
}

export const seriesOf = (run: Run): readonly Series[] => run.rows.flatMap(({ series }) => series)

export function roundsOf(run: Run, key: string, name: string): readonly number[] | undefined {
  const cell = seriesOf(run).find((each) => each.key === key)?.cells[name]
  return cell && 'rounds' in cell && cell.rounds.length > 0 ? cell.rounds : undefined
}
