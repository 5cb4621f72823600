import t from 'tap'
import { parseDocument } from 'yaml'
import { catalogue, definitionOf, type MetricName } from '../../src/observe/metrics/catalogue.ts'
import { codeWords, readText, tableRows } from './repository.ts'

const page = readText('docs/metrics.md')
const names = Object.keys(catalogue) as MetricName[]
const rows = tableRows(page, 'The metrics')

t.test('docs/metrics.md is the catalogue, in its words', async (t) => {
  t.same(rows.map(([name = '']) => codeWords(name)[0]).sort(), [...names].sort())
  for (const [name = '', type, labels = '', merge, help] of rows) {
    const definition = definitionOf(codeWords(name)[0] as MetricName)
    const told = { type, labels: codeWords(labels), merge, help }
    const { buckets: _, ...rest } = definition
    t.same(told, rest, name)
  }
})

t.test('names and labels are in Prometheus form', async (t) => {
  for (const name of names) {
    const { type, labels, help, buckets } = definitionOf(name)
    t.match(name, /^lyncgate_[a-z]+(?:_[a-z]+)*$/)
    t.equal(name.endsWith('_total'), type === 'counter', name)
    t.notMatch(name, /_(?:ms|milliseconds|kib|percent|count|sum|bucket)(?:_total)?$/)
    for (const label of labels) t.match(label, /^(?!le$|quantile$|job$|instance$)[a-z_]+$/)
    t.match(help, /^[A-Z1][^\\"\n]*\.$/)
    t.equal(buckets !== undefined, type === 'histogram')
    const sorted = [...new Set(buckets ?? [])].sort((one, other) => one - other)
    t.same(buckets ?? [], sorted, 'bounds rise')
  }
})

t.test('no label could take a value from the Internet', async (t) => {
  const fromTheFile = ['rule', 'pool', 'server', 'listener', 'stream', 'name']
  const ours = 'status_class outcome version trigger worker statistic node from kind'.split(' ')
  for (const name of names)
    for (const label of definitionOf(name).labels)
      t.ok([...fromTheFile, ...ours].includes(label), `${label} of ${name}`)
})

t.test('a bound is never a known timer, whose exchanges would fall on either side', async (t) => {
  for (const name of ['lyncgate_exchange_duration_seconds', 'lyncgate_first_byte_seconds'] as const)
    for (const timer of [180, 900, 960])
      t.notOk(
        definitionOf(name).buckets?.some((bound) => Math.abs(bound - timer) < 20),
        `${timer} s`,
      )
})

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

const document = parseDocument(readText('docs/prometheus-alerts.yaml'), { strict: true })
const { groups = [] } = document.toJS() as { groups?: { name: string; rules: Alert[] }[] }
const alerts = groups.flatMap(({ rules }) => rules)

t.test('the alerts are YAML in the form of Prometheus', async (t) => {
  t.same(document.errors, [])
  t.same(document.warnings, [])
  t.ok(alerts.length >= 6)
  t.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length)
  for (const { alert, expr, labels, annotations, ...rest } of alerts) {
    t.match(alert, /^Lyncgate[A-Z]\w+$/)
    t.type(expr, 'string')
    t.match(labels['severity'], /^(?:warning|critical)$/)
    t.ok(annotations['summary'])
    t.match(rest.for ?? '0s', /^\d+[smh]$/)
    t.same(Object.keys({ ...rest, for: '' }), ['for'], 'no key that Prometheus does not know')
    for (const [open, close] of ['()', '{}', '[]'])
      t.equal(expr.split(open as string).length, expr.split(close as string).length, alert)
  }
})

for (const [title, text] of [
  ['the alerts', alerts.map(({ expr }) => expr).join('\n')],
  ['the examples of the page', [...page.matchAll(/```promql\n([\s\S]*?)```/g)].join('\n')],
] as const) {
  t.test(`${title} name metrics, labels and values that are there`, async (t) => {
    const used = [...text.matchAll(/\b(lyncgate_\w+)(?:\{([^}]*)\})?/g)]
    t.ok(used.length > 0)
    for (const [, word = '', selector = ''] of used) {
      const name = names.find((each) => exposedNames(each).includes(word))
      t.ok(name, word)
      if (!name) continue
      const known = [...definitionOf(name).labels, ...(word.endsWith('_bucket') ? ['le'] : [])]
      for (const [, label = '', value = ''] of selector.matchAll(/(\w+)=~?"([^"]*)"/g)) {
        t.ok(known.includes(label), `${word} has ${label}`)
        if (label === 'le') t.ok(definitionOf(name).buckets?.includes(Number(value)), value)
      }
    }
  })
}

/** What a metric is called in an expression. */
const exposedNames = (name: MetricName): readonly string[] =>
  definitionOf(name).type === 'histogram'
    ? ['_bucket', '_sum', '_count'].map((suffix) => `${name}${suffix}`)
    : [name]
