import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { writeNewFile } from '../../../src/cli/write-new-file.ts'

t.test('a file that came between looking and writing stays', async (t) => {
  const place = t.testdir({ 'a.yaml': 'somebody else' })
  const file = join(place, 'a.yaml')
  t.same(await writeNewFile(file, 'ours', false), {
    ok: false,
    error: 'is there already; --force replaces it',
  })
  t.equal(readFileSync(file, 'utf8'), 'somebody else')
  t.same(await writeNewFile(file, 'ours', true), { ok: true, value: undefined })
  t.equal(readFileSync(file, 'utf8'), 'ours')
  t.same(readdirSync(place), ['a.yaml'])
})
