import { readdirSync } from 'node:fs'
import t from 'tap'
import { loadRules } from '../../../src/config/load.ts'

const directory = new URL('../../../config/', import.meta.url)
const examples = readdirSync(directory).filter((name) => name.endsWith('.yaml'))

const wanted = [
  'single-server.yaml',
  'pool-with-director.yaml',
  'many-sip-domains.yaml',
  'office-web-apps.yaml',
  'strict-policy.yaml',
  'mobile-inside.yaml',
]

t.test('there is an example for each topology', async (t) => {
  t.same(
    wanted.filter((name) => !examples.includes(name)),
    [],
  )
})

for (const name of examples) {
  t.test(`${name} has neither errors nor warnings`, async (t) => {
    const loaded = await loadRules(new URL(name, directory).pathname)
    t.same(loaded.ok ? loaded.value.warnings : loaded.error, [])
  })
}
