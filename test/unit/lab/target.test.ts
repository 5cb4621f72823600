import t from 'tap'
import { directoryOf, readTarget } from '../../../src/lab/target.ts'

for (const target of [
  '/cscp',
  '/CSCP/',
  '/cscp/x?y',
  '/%63scp/',
  '/cscp%2fx',
  '/x/../cscp',
  '/x/%2e%2e/cscp',
  '//cscp',
  '/.\\cscp',
  '/x%5c..%5ccscp',
  '/cscp;a',
  '/cscp.',
  '/cscp::$INDEX_ALLOCATION/',
  '/(S(abc))/cscp',
  'https://lyncweb.contoso.com/cscp',
]) {
  t.test(`${target} is the directory cscp`, async (t) => {
    t.equal(directoryOf(readTarget(target).path), 'cscp')
  })
}

t.test('the path is decoded once only', async (t) => {
  t.equal(readTarget('/%2563scp').path, '/%63scp')
})

t.test('the query is all that follows the first question mark', async (t) => {
  t.match(readTarget('/a?b=1?c=%3F&d'), { path: '/a', rawQuery: 'b=1?c=%3F&d' })
  t.match(readTarget('/a'), { rawQuery: '' })
})

t.test('bad escapes stay as they are', async (t) => {
  t.equal(readTarget('/%zz/%').path, '/%zz/%')
})
