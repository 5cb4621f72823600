/** Bars as SVG: what each peer costs, nginx being 1. Readable on light and dark grounds. */

import { type Run, type Series, seriesOf } from '../results.ts'
import { ratio } from './tables.ts'

const WIDTH = 860
const LEFT = 230
const RIGHT = 70
const BAR = 11
const GAP = 16
const TOP = 84
const LINE = 15
/** Of a title in one line. */
const MOST_LETTERS = 38
/** Longer bars are cut; their figure stands beside them. */
const MOST = 8

const KEYS =
  'small-plain small-tls down-64k down-10m up-64k up-10m connect-full connect-resumed connect-full-own connect-resumed-own polls-memory'.split(
    ' ',
  )
const COLOURS = ['#2f7ed8', '#5a9e3f', '#d98e04', '#b5475f', '#7d6bc4', '#5f8a96']

interface Bar {
  readonly name: string
  readonly value: number | undefined
}

interface Group {
  readonly title: string
  readonly bars: readonly Bar[]
}

export function drawPicture(run: Run): string {
  const names = run.peers.map(({ name }) => name)
  const groups = KEYS.flatMap((key) => {
    const series = seriesOf(run).find((each) => each.key === key)
    return series ? [groupOf(series, names)] : []
  })
  const height = TOP + groups.length * (names.length * BAR + GAP) + 24
  const { date, commit, mode } = run.facts
  const parts = groups.map((group, at) => drawGroup(group, TOP + at * (names.length * BAR + GAP)))
  const told = groups.map(
    ({ title, bars }) =>
      `${title}: ${bars.map(({ name, value }) => `${name} ${tell(value)}`).join(', ')}.`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">What each proxy costs, nginx being 1</title>
<desc id="desc">${escapeXml(told.join(' '))}</desc>
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.head { font-size: 15px; font-weight: 600; }
.small { font-size: 10px; fill: #57606a; }
.line { stroke: #8c959f; stroke-width: 1; stroke-dasharray: 2 3; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .small { fill: #9da7b1; } .line { stroke: #6e7681; } }
</style>
<text x="12" y="24" class="head">CPU per request, and memory per idle long poll; nginx is 1, shorter is better</text>
<text x="12" y="42" class="small">${escapeXml(`${date}, ${commit}, ${mode} run`)}</text>
${names.map((name, at) => legend(name, at)).join('\n')}
<line x1="${xOf(1)}" y1="${TOP - 6}" x2="${xOf(1)}" y2="${height - 16}" class="line"/>
${parts.join('\n')}
</svg>
`
}

function groupOf({ title, cells }: Series, names: readonly string[]): Group {
  return { title, bars: names.map((name) => ({ name, value: ratio(cells[name], cells['nginx']) })) }
}

function drawGroup({ title, bars }: Group, top: number): string {
  const lines = bars.map(({ value }, at) => {
    const y = top + at * BAR
    const width = value === undefined ? 0 : xOf(Math.min(value, MOST)) - LEFT
    const cut = value !== undefined && value > MOST ? ' …' : ''
    const colour = COLOURS[at % COLOURS.length]
    return `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" fill="${colour}"/><text x="${(LEFT + width + 5).toFixed(1)}" y="${y + BAR - 3}" class="small">${tell(value)}${cut}</text>`
  })
  const told = linesOf(title.replace(/ \(\d+\)$/, ''))
  const first = top + (bars.length * BAR - (told.length - 1) * LINE) / 2 + 4
  const texts = told.map(
    (line, at) =>
      `<text x="${LEFT - 10}" y="${first + at * LINE}" text-anchor="end">${escapeXml(line)}</text>`,
  )
  return `${texts.join('')}${lines.join('')}`
}

/** A long title is broken after the comma that is nearest to its middle: there is no room beside the bars. */
function linesOf(title: string): readonly string[] {
  const commas = [...title.matchAll(/, /g)].map(({ index }) => index + 1)
  if (title.length <= MOST_LETTERS || commas.length === 0) return [title]
  const fromMiddle = (at: number): number => Math.abs(at - title.length / 2)
  const at = commas.reduce((best, each) => (fromMiddle(each) < fromMiddle(best) ? each : best))
  return [title.slice(0, at), title.slice(at + 1)]
}

function legend(name: string, at: number): string {
  const x = 12 + at * 138
  return `<rect x="${x}" y="54" width="10" height="10" fill="${COLOURS[at % COLOURS.length]}"/><text x="${x + 15}" y="63">${escapeXml(name)}</text>`
}

const xOf = (value: number): number => LEFT + (value / MOST) * (WIDTH - LEFT - RIGHT)

const tell = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(2))

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
