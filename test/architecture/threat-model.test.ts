/** Every threat of docs/threat-model.md has a test that exists, or says plainly that its risk is accepted. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { codeWords, readText, root, tableRows } from './repository.ts'

const page = readText('docs/threat-model.md')
const sections = page.split('\n## Threats\n')[1]?.split('\n### ').slice(1) ?? []

/** What an attacker meets, in the words of the page. */
const ELEMENTS = [
  'Listener',
  'Parser',
  'Forwarder',
  'Pins',
  'Cookie',
  'Admin and health address',
  'ACME and OCSP',
  'Rules file',
  "Processes and workers' channel",
  'Logs',
  'Streams',
  'Supply chain',
]

t.test('every element is looked at', async (t) => {
  t.same(
    sections.map((text) => text.split('\n')[0]),
    ELEMENTS,
  )
})

for (const text of sections) {
  const [name = ''] = text.split('\n')
  t.test(name, async (t) => {
    const rows = tableRows(text)
    t.ok(rows.length > 1)
    for (const [threat = '', kinds = '', answer = '', tests = ''] of rows) {
      t.match(kinds, /^[STRIDE]$/, threat)
      t.ok(answer.length > 10, threat)
      const named = codeWords(tests)
      const isAccepted = /\bAccepted\b[^:]*: \w/.test(answer)
      t.ok(named.length > 0 || isAccepted, `${threat}: a test, or an accepted risk`)
      for (const each of named) t.ok(existsSync(join(root, 'test', `${each}.test.ts`)), each)
    }
  })
}
