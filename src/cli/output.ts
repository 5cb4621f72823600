/** How commands print: aligned text for people, colours on a terminal, JSON for scripts. */
import { stripVTControlCharacters, styleText } from 'node:util'

/** Where a command prints; given to it, so that tests can listen. */
export interface CommandIo {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Whether stdout is a terminal; only then are there colours. */
  readonly isTerminal: boolean
  /** Whether stderr is a terminal; only then is progress shown. */
  readonly stderrIsTerminal?: boolean
  /** Whether somebody can be asked: stdin is a terminal too. */
  readonly stdinIsTerminal?: boolean
}

export type Style = 'red' | 'yellow' | 'green' | 'bold' | 'dim'

/** Text in a colour if the output is a terminal. */
export function paint(io: CommandIo, style: Style, text: string): string {
  return io.isTerminal ? styleText(style, text, { validateStream: false }) : text
}

/**
 * Lines with the cells of each column under each other, two spaces apart, no space at the end.
 * Colours do not count for the width. The last cell of a row does not widen its column.
 */
export function alignTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
    }
  }
  const pad = (cell: string, column: number) =>
    cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)))
  return rows.map((row) => `${row.map(pad).join('  ').trimEnd()}\n`).join('')
}

const widthOf = (cell: string): number => [...stripVTControlCharacters(cell)].length

/** Prints a value as JSON, for `--json`. */
export function printJson(io: CommandIo, value: unknown): void {
  io.stdout(`${JSON.stringify(value, undefined, 2)}\n`)
}
