/** Figures as Markdown tables; nothing in them is typed by hand. */
import { goalsOf } from '../goals.ts'
import type { Cell, Run, Series, Unit } from '../results.ts'
import { ratioOf, summarise } from '../statistics.ts'

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(oneLine).join(' | ')} |`
  return [
    line(head),
    `|---|${head
      .slice(1)
      .map(() => '---:|')
      .join('')}`,
    ...rows.map(line),
  ].join('\n')
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '/').trim()

/** Three digits that count. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–'
  const decimals = value === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(decimals)
}

/** Why there is no figure, without what differs from run to run. */
export const reasonOf = (missing: string): string =>
  missing.startsWith('cannot') ? 'cannot' : 'failed'

/** `median / lower quartile / spread`; of a single round the figure alone. */
function tell(cell: Cell | undefined): string {
  if (!cell) return 'missing'
  if ('missing' in cell) return reasonOf(cell.missing)
  const { median, lowerQuartile, spread } = summarise(cell.rounds)
  if (cell.rounds.length < 2) return figure(median)
  return `${figure(median)} / ${figure(lowerQuartile)} / ${(spread * 100).toFixed(0)} %`
}

/** One series for the screen: a line for each contestant. */
export function seriesTable({ title, unit, cells, reference }: Series): string {
  const reasons = Object.entries(cells).flatMap(([name, cell]) =>
    'missing' in cell ? [`  ${name}: ${cell.missing}`] : [],
  )
  const rows = Object.entries(cells).map(([name, cell]) => [
    name,
    tell(cell),
    figure(ratio(cell, cells[reference])),
  ])
  const head = [`${title}, ${unit}`, 'median / lower quartile / spread', `to ${reference}`]
  return [table(head, rows), ...reasons].join('\n')
}

export const ratio = (own: Cell | undefined, other: Cell | undefined): number | undefined =>
  own && other && 'rounds' in own && 'rounds' in other
    ? ratioOf(own.rounds, other.rounds)
    : undefined

/** Series that all peers take part in, by unit: a row for each series, a column for each peer. */
export function peerTable(run: Run, all: readonly Series[], names: readonly string[]): string {
  return table(
    ['', ...names],
    all.map(({ title, unit, cells }) => [
      `${title}, ${unitName(unit)}`,
      ...names.map((name) => (isMissing(run, name) ? 'missing' : tell(cells[name]))),
    ]),
  )
}

/** lyncgate's figure divided by that of each peer: above 1 lyncgate costs more. */
export function ratioTable(run: Run, all: readonly Series[], names: readonly string[]): string {
  const others = names.filter((name) => name !== 'lyncgate')
  return table(
    ['lyncgate compared with', ...others],
    all.map(({ title, cells }) => [
      title,
      ...others.map((name) => {
        if (isMissing(run, name)) return 'missing'
        const cell = cells[name]
        if (cell && 'missing' in cell) return reasonOf(cell.missing)
        return figure(ratio(cells['lyncgate'], cell))
      }),
    ]),
  )
}

/** Series in which lyncgate meets itself. */
export function variantTable(all: readonly Series[]): string {
  const rows = all.flatMap(({ title, unit, reference, cells }) =>
    Object.entries(cells).map(([name, cell]) => [
      `${title}: ${name}`,
      `${tell(cell)}`,
      unitName(unit),
      name === reference ? '' : figure(ratio(cell, cells[reference])),
    ]),
  )
  return table(['', 'median / lower quartile / spread', 'unit', 'ratio'], rows)
}

export function goalTable(run: Run): string {
  return table(
    ['goal', 'limit', 'measured', ''],
    goalsOf(run).map(({ title, limit, isAtLeast, measured, isMet }) => [
      title,
      `${isAtLeast ? 'at least' : 'at most'} ${limit}`,
      figure(measured),
      isMet === undefined ? 'not measured' : isMet ? 'met' : 'not met',
    ]),
  )
}

const isMissing = ({ peers }: Run, name: string): boolean =>
  peers.every((peer) => peer.name !== name || peer.missing !== undefined)

const unitName = (unit: Unit): string => (unit === 'us' ? 'µs' : unit)
