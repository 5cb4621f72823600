/** docs/publishing-policy.md says what the code does. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { plainHttpDefaults } from '../../../src/config/plain-http-defaults.ts'
import { virtualPatches } from '../../../src/policy/virtual-patches.ts'

const page = readFileSync(new URL('../../../docs/publishing-policy.md', import.meta.url), 'utf8')

t.test('port 80 by kind of name', async (t) => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| `(forward|redirect|refuse)` \|/gm)]
  t.same(
    Object.fromEntries(rows.map(([, kind, action]) => [kind, action])),
    Object.fromEntries(
      Object.entries(plainHttpDefaults).map(([kind, each]) => [kind, each.action]),
    ),
  )
})

t.test('every virtual patch is named', async (t) => {
  for (const { id } of virtualPatches) t.match(page, `| ${id} |`)
})

t.test('every mode has its row', async (t) => {
  for (const mode of ['guard', 'strict', 'observe']) t.match(page, `\n| \`${mode}\` | `)
})
