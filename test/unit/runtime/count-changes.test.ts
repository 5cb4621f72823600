import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createAuthority } from '../../../src/lab/authority.ts'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'
import { type Changes, countChanges } from '../../../src/runtime/count-changes.ts'
import { loadConfiguration } from '../../../src/runtime/load-configuration.ts'

const rules = `version: 1
listeners: [{ name: internet, http: 80, https: 443 }]
certificates: [{ cert: public.pem, key: public.key }]
pools:
  one: { product: other, servers: [fe01.example], tls: { ca: root.pem } }
  two: { product: other, servers: [fe02.example], tls: { ca: root.pem } }
rules:
  - { name: Web, publish: anything, hosts: [web.example], pool: one }
  - { name: Meet, publish: anything, hosts: [meet.example], pool: two }
`

const authority = await createAuthority('Test Root')
const names = ['web.example', 'meet.example']

async function buildFrom(t: Test, text: string, root = authority.certificatePem) {
  const { certPem, keyPem } = await authority.issue({ names })
  const directory = t.testdir({
    'lyncgate.yaml': text,
    'root.pem': root,
    'public.pem': certPem,
    'public.key': keyPem,
  })
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const loaded = await loadConfiguration(join(directory, 'lyncgate.yaml'), scope)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.problems))
  return loaded.value.built
}

const edits: Readonly<Record<string, readonly [edit: (text: string) => string, Changes]>> = {
  'a comment': [(text) => `# new\n${text}`, {}],
  'a rule changed': [(text) => text.replace('pool: two', 'pool: one'), { rules: 1 }],
  'a rule renamed': [(text) => text.replace('name: Meet', 'name: Meetings'), { rules: 2 }],
  'a pool changed': [(text) => text.replace('fe02', 'fe03'), { pools: 1 }],
  'a listener moved': [(text) => text.replace('http: 80', 'http: 8080'), { listeners: 1 }],
  'two settings': [
    (text) => `${text}timeouts: { drain: 1m }\nlog: { level: debug }\n`,
    { settings: 2 },
  ],
}

t.test('what is counted', async (t) => {
  const before = await buildFrom(t, rules)
  for (const [name, [edit, changes]] of Object.entries(edits)) {
    const after = await buildFrom(t, edit(rules))
    // Each of them has a certificate of its own.
    t.same(countChanges(before, after), { certificates: 1, ...changes }, name)
    t.same(countChanges({ ...after, certificates: before.certificates }, before), changes)
  }
})

t.test('other roots behind the same file name change each pool that trusts them', async (t) => {
  const before = await buildFrom(t, rules)
  const other = await createAuthority('Other Root')
  const after = await buildFrom(t, rules, other.certificatePem)
  t.match(countChanges(before, after), { pools: 2 })
})
