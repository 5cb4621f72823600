import t from 'tap'
import { findNearest, suggest } from '../../../src/config/did-you-mean.ts'

const keys = ['listeners', 'requestHead', 'keepAlive', 'pools', 'rules']

t.test('one slip in a word is understood', async (t) => {
  const slips = {
    listner: 'listeners',
    lsiteners: 'listeners',
    Listeners: 'listeners',
    request_head: 'requestHead',
    'request-head': 'requestHead',
    kepAlive: 'keepAlive',
    pool: 'pools',
  }
  for (const [written, meant] of Object.entries(slips)) {
    t.equal(findNearest(written, keys), meant, written)
  }
})

t.test('a word that begins another one is understood if there is only one', async (t) => {
  t.equal(findNearest('warning', ['info', 'warn', 'error']), 'warn')
  t.equal(findNearest('skype', ['skype-2015', 'skype-2019', 'lync-2013']), undefined)
})

t.test('what is far from everything is not guessed', async (t) => {
  t.equal(findNearest('colour', keys), undefined)
  t.equal(findNearest('', keys), undefined)
  t.equal(findNearest('x'.repeat(100_000), keys), undefined)
})

t.test('a hint names the guess, or all there is', async (t) => {
  t.equal(suggest('rule', keys), 'did you mean "rules"?')
  t.equal(suggest('colour', ['a', 'b']), 'there are a, b')
  t.equal(suggest('colour', ['a']), 'there is only "a"')
  t.equal(suggest('colour', []), undefined)
  t.equal(
    suggest(
      'colour',
      Array.from({ length: 50 }, (_, index) => `pool${index}`),
    ),
    undefined,
  )
})
