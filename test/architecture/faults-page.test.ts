import t from 'tap'
import { readFiles, readText, tableRows } from './repository.ts'

const rows = tableRows(readText('docs/operations.md'), 'What happens when …')
const names = readFiles('test/interop', '.test.ts')
  .filter(({ path }) => /\/faults-/.test(path))
  .flatMap(({ text }) => [...text.matchAll(/\bt\.test\('([^']+)'/g)].map((match) => match[1] ?? ''))

t.test('every fault of the page has a test, and every test a row', async (t) => {
  t.ok(names.length > 10)
  const without = rows.filter(([fault = '']) => !/\(/.test(fault)).map(([fault]) => fault)
  t.same(without.sort(), [...names].sort())
})
