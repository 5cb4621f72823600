import t from 'tap'
import { quote, writeKeyPath } from '../../../src/config/quote.ts'

t.test('text is shown in quotes, other values in words', async (t) => {
  t.equal(quote('meet'), '"meet"')
  t.equal(quote(''), '""')
  t.equal(quote(80), '80')
  t.equal(quote(true), 'true')
  t.equal(quote(null), 'nothing')
  t.equal(quote(undefined), 'nothing')
  t.equal(quote([1]), 'a list')
  t.equal(quote({ a: 1 }), 'a map')
})

t.test('long text is cut between characters', async (t) => {
  t.equal(quote('x'.repeat(60)), `"${'x'.repeat(60)}"`)
  t.equal(quote('x'.repeat(61)), `"${'x'.repeat(60)}…"`)
  t.equal(quote('😀'.repeat(1000)), `"${'😀'.repeat(60)}…"`)
})

t.test('nothing in a message can repaint the terminal', async (t) => {
  t.equal(quote('\u001b[2J"\n'), '"\\u001b[2J\\"\\n"')
  t.equal(quote('a\u202eb\u009bc\u200d'), '"a\\u202eb\\u009bc\\u200d"')
})

t.test('a path reads as a person would write it', async (t) => {
  t.equal(writeKeyPath([]), '')
  t.equal(
    writeKeyPath(['pools', 'pool01', 'servers', 1, 'weight']),
    'pools.pool01.servers[1].weight',
  )
  t.equal(writeKeyPath(['pools', 'a.b', 'tls']), 'pools["a.b"].tls')
  t.equal(writeKeyPath(['pools', '', 'tls']), 'pools[""].tls')
})
