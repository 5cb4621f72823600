/**
 * Settings that are described but do nothing yet. They are refused rather than ignored: nobody is to
 * believe in a protection that is not there. Whoever builds one deletes its row.
 */
import type { Finding } from './finding.ts'
import type { KeyPath } from './problem.ts'
import { quote, writeKeyPath } from './quote.ts'

interface UnsupportedRow {
  /** `*` stands for any one name or index. */
  readonly path: readonly string[]
  /** These values alone are refused; left out: everything is. */
  readonly values?: readonly unknown[]
  /** Everything but these values is refused. */
  readonly except?: readonly unknown[]
  /** What to do until then. */
  readonly hint: string
}

export const unsupported: readonly UnsupportedRow[] = [
  { path: ['log', 'access'], values: ['w3c'], hint: 'write json or off' },
]

/** A finding for every setting of the file that does nothing yet. */
export function findUnsupported(raw: unknown): readonly Finding[] {
  return unsupported.flatMap((row) =>
    select(raw, row.path, [])
      .filter(({ value }) => isRefused(row, value))
      .map(({ path, value }) => explain(row, path, value)),
  )
}

/** What the documentation says of a key, `*` for names and indices; undefined where all works. */
export function describeUnsupported(path: readonly string[]): string | undefined {
  const row = unsupported.find((each) => each.path.join('.') === path.join('.'))
  if (!row) return undefined
  if (row.values) return `not yet supported: ${row.values.join(', ')}`
  return row.except ? `not yet supported, except ${row.except.join(', ')}` : 'not yet supported'
}

function isRefused(row: UnsupportedRow, value: unknown): boolean {
  if (value === undefined || value === null) return false
  return row.values ? row.values.includes(value) : !row.except?.includes(value)
}

function explain(row: UnsupportedRow, path: KeyPath, value: unknown): Finding {
  const isWhole = typeof value === 'object'
  const message = isWhole
    ? `${quote(writeKeyPath(path))} is planned but not yet supported`
    : `${quote(value)} is planned but not yet supported`
  return { code: 'not-yet-supported', path, at: isWhole ? 'key' : 'value', message, hint: row.hint }
}

interface Selected {
  readonly path: KeyPath
  readonly value: unknown
}

function select(value: unknown, pattern: readonly string[], path: KeyPath): readonly Selected[] {
  const [step, ...rest] = pattern
  if (step === undefined) return [{ path, value }]
  if (Array.isArray(value)) {
    if (step !== '*') return []
    return value.flatMap((entry, index) => select(entry, rest, [...path, index]))
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .filter(([key]) => step === '*' || step === key)
    .flatMap(([key, entry]) => select(entry, rest, [...path, key]))
}
