/** The judge of the other tests of this folder: what it must refuse. */
import t from 'tap'
import { readExposition, sampleValue } from '../../../support/exposition.ts'

const head = (type: string, name = 'a_total'): string =>
  `# HELP ${name} Text.\n# TYPE ${name} ${type}\n`
const histogram = (lines: string): string => `${head('histogram', 'h')}${lines}`

const refused: Readonly<Record<string, string>> = {
  'no end of the last line': `${head('counter')}a_total 1`,
  'a sample without a metric': 'a_total 1\n',
  'a sample of another metric': `${head('counter')}b_total 1\n`,
  'a metric twice': `${head('counter')}a_total 1\n${head('counter')}`,
  'a series twice': `${head('counter')}a_total{x="1",y="2"} 1\na_total{y="2",x="1"} 1\n`,
  'a type that is not known': `${head('thing')}a_total 1\n`,
  'a TYPE after samples': `${head('counter')}a_total 1\n# TYPE a_total counter\n`,
  'a counter without _total': `${head('counter', 'a')}a 1\n`,
  'a gauge with _total': `${head('gauge')}a_total 1\n`,
  'a counter below zero': `${head('counter')}a_total -1\n`,
  'no number': `${head('counter')}a_total one\n`,
  'a number that is none': `${head('counter')}a_total Nan\n`,
  'an open quote': `${head('counter')}a_total{x="1} 1\n`,
  'a bare quote in a value': `${head('counter')}a_total{x="1"2"} 1\n`,
  'a bare backslash': `${head('counter')}a_total{x="\\d"} 1\n`,
  'a label twice': `${head('counter')}a_total{x="1",x="2"} 1\n`,
  'a comma too many': `${head('counter')}a_total{x="1",} 1\n`,
  'buckets that fall': histogram('h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'),
  'bounds that fall': histogram(
    'h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
  ),
  'no bucket +Inf': histogram('h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n'),
  'a count that is not the last bucket': histogram('h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n'),
  'no sum': histogram('h_bucket{le="+Inf"} 1\nh_count 1\n'),
}

for (const [what, text] of Object.entries(refused))
  t.test(`refused: ${what}`, async (t) => t.throws(() => readExposition(text)))

t.test('OpenMetrics has its own names and its own end', async (t) => {
  const good = `${head('counter', 'a')}a_total 1\n# EOF\n`
  t.equal(sampleValue(readExposition(good, 'openmetrics'), 'a_total'), 1)
  t.throws(() => readExposition(good.replace('# EOF\n', ''), 'openmetrics'))
  t.throws(() => readExposition(`${head('counter')}a_total_total 1\n# EOF\n`, 'openmetrics'))
})

t.test('escapes are read back', async (t) => {
  const seen = readExposition(`${head('counter')}a_total{x="a\\"b\\\\c\\nd,e}"} 1.5e3\n`)
  t.equal(sampleValue(seen, 'a_total', { x: 'a"b\\c\nd,e}' }), 1500)
  t.throws(() => sampleValue(seen, 'b_total'))
})
