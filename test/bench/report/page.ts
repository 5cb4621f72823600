/** Writes what a run has found into docs/performance.md, .json and .svg. */
import { readFileSync, writeFileSync } from 'node:fs'
import { type Run, seriesOf } from '../results.ts'
import { allRows } from '../rows/all.ts'
import { median } from '../statistics.ts'
import { growthSection } from './growth-section.ts'
import { drawPicture } from './picture.ts'
import { figure, goalTable, peerTable, ratioTable, table, variantTable } from './tables.ts'

const docs = new URL('../../../docs/', import.meta.url)
const VARIANTS = ['many-hosts', 'workers', 'workers-share', 'reload', 'reload-errors']

export function writePage(run: Run): void {
  const page = new URL('performance.md', docs)
  writeFileSync(page, renderPage(readFileSync(page, 'utf8'), run))
  writeFileSync(new URL('performance.json', docs), `${JSON.stringify(rounded(run), null, 1)}\n`)
  writeFileSync(new URL('performance.svg', docs), drawPicture(rounded(run)))
}

/** The page with its generated sections made anew. */
export function renderPage(page: string, run: Run): string {
  const sections = { bench: benchSection(rounded(run)), growth: growthSection(rounded(run)) }
  return Object.entries(sections).reduce((text, [name, section]) => {
    const marks = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`)
    if (!marks.test(text)) throw new Error(`docs/performance.md has no section ${name}`)
    return text.replace(marks, (_, begin, end) => `${begin}\n\n${section}\n\n${end}`)
  }, page)
}

/** Six digits are more than is known; what is kept and what is shown are made from the same figures. */
function rounded(run: Run): Run {
  const text = JSON.stringify(run, (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value,
  )
  return JSON.parse(text) as Run
}

function benchSection(run: Run): string {
  const { facts, peers } = run
  const names = peers.map(({ name }) => name)
  const series = seriesOf(run).filter(({ key }) => !VARIANTS.includes(key))
  const isCost = (unit: string): boolean => unit === 'us' || unit === 'KB'
  const costs = series.filter(({ unit }) => isCost(unit))
  const others = series.filter(({ unit }) => !isCost(unit))
  const rough =
    facts.mode === 'full'
      ? ''
      : `\n\n**A ${facts.mode} run: the figures are rough.** A full one replaces them.`
  return [
    `Measured on ${facts.date} at commit ${facts.commit}, ${facts.mode} run, ${facts.rounds} rounds of ${facts.windowMs} ms.
${facts.processor}, ${facts.cores} cores, ${facts.memoryGb} GB, Linux ${facts.kernel}. Node ${facts.node} with OpenSSL ${facts.openssl}.${anewText(run)}${rough}`,
    table(
      ['proxy', 'version'],
      peers.map(({ name, version, missing }) => [
        name,
        missing ? `${version ?? ''} (took no part)` : (version ?? ''),
      ]),
    ),
    '### Goals',
    goalTable(run),
    '### Costs',
    'Median / lower quartile / spread (distance of the quartiles, as a share of the median) of the rounds; figures of one round stand alone.',
    peerTable(run, costs, names),
    '### Ratios',
    'lyncgate divided by each of the others, round by round, and the median of that. Below 1 lyncgate is cheaper.',
    ratioTable(
      run,
      // Per MB the ratios are the same as per request.
      costs.filter(({ key }) => !key.endsWith('-mb')),
      names,
    ),
    '### Waiting, and shares',
    peerTable(run, others, names),
    noProxyText(run),
    '### lyncgate against itself',
    variantTable(seriesOf(run).filter(({ key }) => VARIANTS.includes(key))),
    '### The rows',
    allRows.map(({ name, says }) => `- \`${name}\`: ${says}`).join('\n'),
  ].join('\n\n')
}

/** Rows of another commit than the others. */
const anewText = ({ rows }: Run): string =>
  rows
    .map(({ row, anew }) =>
      anew
        ? ` Of these \`${row}\` was measured anew on ${anew.date} at commit ${anew.commit}.`
        : '',
    )
    .join('')

/** The floor of the row of latencies. */
function noProxyText(run: Run): string {
  const told = seriesOf(run).flatMap(({ title, unit, cells }) => {
    const cell = cells['no proxy']
    return cell && 'rounds' in cell ? [`${title} ${figure(median(cell.rounds))} ${unit}`] : []
  })
  return told.length === 0 ? '' : `Without a proxy: ${told.join(', ')}.`
}
