import t from 'tap'
import { catalogue } from '../../src/observe/metrics/catalogue.ts'
import { goalsOf } from '../bench/goals.ts'
import { renderPage } from '../bench/report/page.ts'
import { drawPicture } from '../bench/report/picture.ts'
import type { Run } from '../bench/results.ts'
import { allRows } from '../bench/rows/all.ts'
import { codeWords, readText, tableRows } from './repository.ts'

const page = readText('docs/performance.md')
const run = JSON.parse(readText('docs/performance.json')) as Run

t.test('docs/performance.md is what the run in docs/performance.json says', async (t) => {
  t.equal(renderPage(page, run), page, 'node test/bench/render-page.ts makes it anew')
  t.equal(drawPicture(run), readText('docs/performance.svg'))
})

t.test('it names every row, every peer and every goal', async (t) => {
  const [, generated = ''] = /<!-- bench -->([\s\S]*)<!-- \/bench -->/.exec(page) ?? []
  for (const { name } of allRows) t.ok(generated.includes(`- \`${name}\`: `), name)
  const rows = tableRows(generated)
  const first = rows.map(([cell]) => cell)
  for (const { name } of run.peers) t.ok(first.includes(name), name)
  for (const { title } of goalsOf(run)) t.ok(first.includes(title), title)
})

t.test('the run has every row and says where and when it was made', async (t) => {
  t.same(
    run.rows.map(({ row }) => row),
    allRows.map(({ name }) => name),
  )
  t.match(run.facts, { date: /^\d{4}-\d\d-\d\d$/, commit: /^[0-9a-f]{10}/, cores: Number })
})

t.test('what to watch are metrics that are there', async (t) => {
  const [, watch = ''] = page.split('### What to watch')
  const named = tableRows(watch).flatMap(([cell = '']) => codeWords(cell))
  t.ok(named.length >= 10)
  for (const name of named) t.ok(name in catalogue, name)
})
