/** The parts of the benchmark that need no load: statistics, goals, tables, picture, growth. */
import t from 'tap'
import { goalsOf } from '../../bench/goals.ts'
import { checkOf, costsOf, loadOf, model, usersOn } from '../../bench/growth-model.ts'
import { readOptions } from '../../bench/options.ts'
import { cpuBetween } from '../../bench/processes.ts'
import { growthSection } from '../../bench/report/growth-section.ts'
import { renderPage } from '../../bench/report/page.ts'
import { drawPicture } from '../../bench/report/picture.ts'
import { replaceRows } from '../../bench/report/replace-rows.ts'
import { figure, goalTable, peerTable, ratioTable } from '../../bench/report/tables.ts'
import { type Run, type Series, seriesOf } from '../../bench/results.ts'
import { quantile, ratioOf, summarise } from '../../bench/statistics.ts'
import { exampleRun, series } from './example-run.ts'

t.test('quantiles, quartiles and spread', async (t) => {
  t.equal(quantile([4, 1, 3, 2], 0.5), 2.5)
  t.equal(quantile([7], 0.25), 7)
  t.ok(Number.isNaN(quantile([], 0.5)))
  t.same(summarise([10, 20, 30, 40, 50]), { median: 30, lowerQuartile: 20, spread: 20 / 30 })
  t.equal(summarise([0, 0]).spread, 0)
})

t.test('a ratio is the median of the ratios of each round', async (t) => {
  t.equal(ratioOf([20, 200, 30], [10, 100, 10]), 2, 'a round that is slow for both changes nothing')
  t.equal(ratioOf([20, 50], [10]), 2, 'only common rounds')
  t.equal(ratioOf([], [1]), undefined)
  t.equal(ratioOf([1], [0]), undefined)
})

t.test('CPU time is unknown when a thread has ended', async (t) => {
  const before = new Map([['1/1', 100]])
  t.equal(cpuBetween(before, new Map([...before, ['1/2', 50]])), 50, 'new threads begin at 0')
  t.equal(cpuBetween(before, new Map([['1/1', 130]])), 30)
  t.equal(cpuBetween(before, new Map([['1/2', 50]])), undefined)
})

t.test('figures have three digits that count', async (t) => {
  t.same([1234.5, 12.34, 1.234, 0, Number.NaN].map(figure), ['1235', '12.3', '1.23', '0', '–'])
})

t.test('goals are computed, at their limit and beyond', async (t) => {
  const goal = (run: Run, title: RegExp) => goalsOf(run).find((each) => title.test(each.title))
  const title = /small GET, TLS/
  t.match(goal(exampleRun([series('small-tls', { lyncgate: [20], nginx: [10] })]), title), {
    measured: 2,
    isMet: true,
  })
  const over = series('small-tls', { lyncgate: [21], nginx: [10] })
  t.match(goal(exampleRun([over]), title), { measured: 2.1, isMet: false })
  t.match(goal(exampleRun([]), title), { measured: undefined, isMet: undefined })
  const errors = (rounds: readonly number[]) =>
    goal(exampleRun([series('reload-errors', { reloading: rounds })]), /errors/)?.isMet
  t.same([errors([0, 0]), errors([0, 1])], [true, false])
  const two = series('workers', { 'one worker': [10], 'two workers': [11] })
  t.match(goal(exampleRun([two]), /two workers/), { measured: 20 / 11, isMet: true })
})

t.test(
  'every cost is told with the same duty for all, and with shared pools beside it',
  async (t) => {
    const staying =
      'small-plain small-tls down-64k down-10m up-64k up-10m polls-memory polls-open polls-renew'
    const pooled = ['connect-full', 'connect-resumed']
    const own = ['connect-full-own', 'connect-resumed-own']
    const cost = (ours: number) => (key: string) => series(key, { lyncgate: [ours], Caddy: [10] })
    const all = [
      ...staying.split(' ').map(cost(5)),
      ...own.map((key, at) => cost(8 + at)(key)),
      ...pooled.map((key, at) => cost(20 + at)(key)),
    ]
    const caddy = (some: readonly Series[]) =>
      goalsOf(exampleRun(some)).filter(({ title }) => title.startsWith('every cost to Caddy'))
    t.match(caddy(all), [
      { title: 'every cost to Caddy, the worst', measured: 0.9, limit: 1, isMet: true },
      { title: /a pool that all clients share/, measured: 2.1, limit: 1, isMet: false },
    ])
    const without = (key: string) => caddy(all.filter((each) => each.key !== key))
    t.match(without('connect-full-own'), [{ measured: undefined }, { measured: 2.1 }])
    t.match(without('connect-full'), [{ measured: 0.9 }, { measured: undefined }])
    t.match(without('small-tls'), [{ measured: undefined }, { measured: undefined }])
  },
)

t.test('tables have a column for each peer, and say who could not', async (t) => {
  const cells = { lyncgate: { rounds: [3, 1, 2] }, nginx: { missing: 'cannot: mixes users' } }
  const all: Series[] = [{ key: 'ntlm', title: 'NTLM', unit: 'us', reference: 'HAProxy', cells }]
  const run = exampleRun(all)
  const names = run.peers.map(({ name }) => name)
  const lines = peerTable(run, all, names).split('\n')
  t.equal(lines[0], '|  | lyncgate | nginx | Caddy |')
  t.equal(lines[2], '| NTLM, µs | 2.00 / 1.50 / 50 % | cannot | missing |')
  t.match(ratioTable(run, all, names), '| NTLM | cannot | missing |')
  t.match(goalTable(run), /\| small GET, TLS to TLS[^|]*\| at most 2 \| – \| not measured \|/)
})

t.test('the picture is SVG with a title, a description and a bar for each peer', async (t) => {
  const svg = drawPicture(exampleRun([series('small-tls', { lyncgate: [95], nginx: [10] })]))
  t.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  t.match(svg, '<title id="title">')
  t.match(
    svg,
    /<desc id="desc">small-tls &amp; more: lyncgate 9\.50, nginx 1\.00, Caddy –\.<\/desc>/,
  )
  t.match(svg, 'prefers-color-scheme: dark')
  t.equal(svg.match(/<rect [^>]*height="9"/g)?.length, 3)
  t.match(svg, '9.50 …', 'a bar that is too long is cut and says so')
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)" height="9"/g)].map(([, w]) => w)
  t.same(widths, ['560.0', '70.0', '0.0'])
})

t.test('growth follows from the costs of the run', async (t) => {
  const run = exampleRun([
    ...['small-tls', 'polls-renew'].map((key) => series(key, { lyncgate: [100] })),
    ...['connect-full', 'connect-resumed', 'ntlm'].map((key) => series(key, { lyncgate: [1000] })),
    series('down-64k', { lyncgate: [500] }),
    series('polls-memory', { lyncgate: [100] }),
    series('polls-base', { lyncgate: [100_000] }),
    series('polls-idle-before', { lyncgate: [1] }),
    series('polls-idle', { lyncgate: [1] }),
  ])
  const costs = costsOf(run)
  t.ok(costs)
  if (!costs) return
  const load = loadOf(36_000, costs)
  const { renewalsPerHour, requestsPerHour, reconnectsPerHour, connectionsPerUser } = model
  const usPerHour =
    (renewalsPerHour + requestsPerHour) * 100 + reconnectsPerHour * connectionsPerUser * 1000
  t.equal(load.steadyCores.toFixed(6), ((36_000 * usPerHour) / 3600 / 1e6).toFixed(6))
  t.equal(load.fileDescriptors, 2 * 36_000 * connectionsPerUser)
  t.ok(load.meetingCores > load.steadyCores)
  const most = usersOn(1, costs)
  t.same([loadOf(most, costs).workers, loadOf(most + 2, costs).workers], [1, 2], 'the limit of one')
  t.same(checkOf(run), { polls: 5000, predictedSeconds: 0.5, measuredSeconds: 0.5 })
  t.match(growthSection(run), /\| 80,000 \| 120,000 \|/)
  t.match(growthSection(exampleRun([])), 'left out')
})

t.test('only the marked sections of the page change', async (t) => {
  const page =
    'before\n<!-- bench -->old<!-- /bench -->\nbetween $1\n<!-- growth --><!-- /growth -->\nafter'
  const run = exampleRun([series('small-tls', { lyncgate: [20], nginx: [10] })])
  const text = renderPage(page, run)
  t.match(
    text,
    /^before\n<!-- bench -->\n\nMeasured on 2026-01-02[\s\S]*\nbetween \$1\n[\s\S]*after$/,
  )
  t.notMatch(text, '>old<')
  t.equal(renderPage(text, run), text, 'a second time changes nothing')
  t.throws(() => renderPage('no marks', run), /no section bench/)
  t.ok(seriesOf(run).length === 1)
})

t.test('the call is checked', async (t) => {
  t.match(readOptions([]), { isQuick: false, polls: 5000, write: false })
  const [full, quick] = [readOptions([]), readOptions(['--quick'])]
  t.ok(full.smallRounds > quick.smallRounds && full.warmUp.requests > quick.warmUp.requests)
  t.match(readOptions(['--quick', '--peers', 'nginx,Caddy']), {
    peers: ['nginx', 'Caddy'],
    polls: 500,
  })
  t.throws(() => readOptions(['--write', '--only', 'ntlm']), /every row/)
  t.throws(() => readOptions(['--polls', '0']), /--polls/)
  t.throws(() => readOptions(['--slow']))
})

t.test('a row that was measured by itself takes its place, and the page says so', async (t) => {
  const run = exampleRun([series('small-tls', { lyncgate: [20], nginx: [10] })])
  const later = exampleRun([series('small-tls', { lyncgate: [30], nginx: [10] })])
  const facts = { ...later.facts, commit: 'abcdef0123', date: '2026-01-03' }
  const joined = replaceRows(run, { ...later, facts })
  t.same(joined.facts, run.facts)
  t.same(seriesOf(joined), seriesOf(later))
  const says = /`example` was measured anew on 2026-01-03 at commit abcdef0123/
  const empty = '<!-- bench --><!-- /bench --><!-- growth --><!-- /growth -->'
  t.match(renderPage(empty, joined), says)
  t.notMatch(renderPage(empty, run), says)
  t.throws(
    () => replaceRows(run, { ...later, facts: { ...facts, kernel: '6.1' } }),
    /kernel is 6.1/,
  )
  t.throws(() => replaceRows(run, { ...later, peers: [] }), /peers/)
  t.throws(() => replaceRows(run, { ...later, rows: [{ row: 'x', series: [] }] }), /no row x/)
})
