import t, { type Test } from 'tap'
import { parseRules } from '../../../src/config/load.ts'
import type { PoolHealthRule } from '../../../src/config/rules.ts'

function healthOf(t: Test, product: string, health: string): PoolHealthRule | undefined {
  const parsed = parseRules(
    `version: 1
listeners: [{ name: internet, http: 80 }]
pools: { a: { product: ${product}, servers: [a]${health} } }
rules: [{ name: A, publish: anything, hosts: [a.contoso.com], pool: a }]
`,
    'rules.yaml',
  )
  if (!parsed.ok) t.fail('it should be usable', { problems: parsed.error })
  return parsed.ok ? parsed.value.rules.pools[0]?.health : undefined
}

t.test('a check that nobody asked for keeps the last resort open', async (t) => {
  for (const product of ['lync-2013', 'skype-2015', 'skype-2019', 'skype-se'])
    t.match(healthOf(t, product, ''), { check: { kind: 'web', status: 200 }, lastResort: true })
  t.match(healthOf(t, 'lync-2010', ''), {
    check: { kind: 'tcp', port: undefined },
    lastResort: true,
  })
  for (const product of ['office-web-apps', 'exchange', 'communicator-web-access', 'other'])
    t.same(healthOf(t, product, '')?.check, { kind: 'none' })
  t.match(healthOf(t, 'skype-se', ', health: { interval: 30s }'), {
    check: { kind: 'web' },
    intervalMs: 30_000,
    lastResort: true,
  })
})

t.test('a check that is written means what it says', async (t) => {
  t.match(healthOf(t, 'skype-se', ', health: { check: web }'), { lastResort: false })
  t.match(healthOf(t, 'skype-se', ', health: { check: web, lastResort: true }'), {
    lastResort: true,
  })
  t.match(healthOf(t, 'skype-se', ', health: { check: tcp:5061, timeout: 2s }'), {
    check: { kind: 'tcp', port: 5061 },
    timeoutMs: 2_000,
  })
  t.same(healthOf(t, 'other', ', health: { check: tcp }')?.check, { kind: 'tcp', port: undefined })
  t.same(healthOf(t, 'other', ', health: { check: { path: "/x?y=1", body: ok } }')?.check, {
    kind: 'web',
    path: '/x?y=1',
    status: 200,
    body: 'ok',
  })
})
