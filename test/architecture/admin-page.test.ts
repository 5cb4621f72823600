import t from 'tap'
import { apiErrors } from '../../src/admin/api-error.ts'
import { routes } from '../../src/admin/routes.ts'
import { codeWords, readText, tableRows } from './repository.ts'

const page = readText('docs/admin-api.md')

const firstWords = (heading: string): readonly string[] =>
  tableRows(page, heading).map(([cell = '']) => codeWords(cell)[0] ?? '')

t.test('every request is documented, and no other', async (t) => {
  const made = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  t.same([...firstWords('Requests')].sort(), made.sort())
})

t.test('every error is documented with its status, and no other', async (t) => {
  const said = tableRows(page, 'Errors').map(([code = '', status]) => [
    codeWords(code)[0],
    Number(status),
  ])
  t.same(said, Object.entries(apiErrors))
})

const shapes: readonly (readonly [heading: string, file: string, name: string])[] = [
  ['Status', 'src/admin/describe-status.ts', 'Status'],
  ['Listener', 'src/admin/describe-status.ts', 'ListenerStatus'],
  ['Pool', 'src/admin/describe-status.ts', 'PoolStatus'],
  ['Server', 'src/admin/describe-status.ts', 'ServerStatus'],
  ['Certificate', 'src/certificates/describe-certificates.ts', 'CertificateRow'],
  ['Certificates', 'src/certificates/describe-certificates.ts', 'CertificateOverview'],
  ['Drain and undrain', 'src/admin/routes.ts', 'DrainBody'],
  ['Blocked', 'src/admin/describe-blocked.ts', 'Blocked'],
  ['Blocked row', 'src/admin/describe-blocked.ts', 'BlockedRow'],
  ['Blocked in the status', 'src/admin/describe-blocked.ts', 'BlockedSummary'],
  ['Block in the status', 'src/admin/describe-blocked.ts', 'ShownBlock'],
  ['Unblock', 'src/admin/routes.ts', 'UnblockBody'],
  ['Problem', 'src/config/problem.ts', 'Problem'],
  ['Rule', 'src/admin/describe-status.ts', 'RuleStatus'],
  ['Sample', 'src/admin/live/traffic-point.ts', 'Sample'],
  ['Point', 'src/admin/live/traffic-point.ts', 'TrafficPoint'],
  ['Rule in a sample', 'src/admin/live/traffic-point.ts', 'RulePoint'],
  ['Exchange', 'src/admin/live/exchange-list.ts', 'ListedExchange'],
]

for (const [heading, file, name] of shapes) {
  t.test(`the keys of ${heading} are those of ${name}`, async (t) => {
    const body = new RegExp(`interface ${name} (?:extends Place )?\\{\\n([\\s\\S]*?)\\n\\}`).exec(
      readText(file),
    )
    const keys = [...(body?.[1] ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, key]) => key)
    t.ok(keys.length > 2)
    const inherited = name === 'Problem' ? ['line', 'column'] : []
    t.same([...firstWords(heading)].sort(), [...inherited, ...keys].sort())
  })
}

t.test('the events', async (t) => {
  const union = /type EventName = (.+)/.exec(readText('src/admin/live/event-stream.ts'))?.[1] ?? ''
  const names = [...union.matchAll(/'(\w+)'/g)].map(([, name]) => name)
  t.ok(names.length > 3)
  t.same(firstWords('Events'), names)
})

t.test('the ends of a reload', async (t) => {
  const union = /export type ReloadOutcome =\n([\s\S]*?)\n\n/.exec(
    readText('src/runtime/reload.ts'),
  )?.[1]
  const kinds = [...(union ?? '').matchAll(/readonly kind: '(\w+)'/g)].map(([, kind]) => kind)
  t.ok(kinds.length > 3)
  t.same([...firstWords('Reload')].sort(), kinds.sort())
})

t.test('the words of health and draining', async (t) => {
  const source = readText('src/admin/describe-status.ts')
  for (const [key, type] of [
    ['health', /readonly health: (.+)/],
    ['draining', /type Draining = (.+)/],
  ] as const) {
    const values = [...(type.exec(source)?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map(
      ([, value]) => value,
    )
    const row = tableRows(page, 'Server').find(([cell]) => cell === `\`${key}\``)
    t.ok(values.length > 2)
    t.same([...codeWords(row?.[1] ?? '')].sort(), values.sort(), key)
  }
})
