import t from 'tap'
import { type ChallengeChange, ChallengeStore } from '../../../src/acme/challenge-store.ts'

const of = (token: string, host = 'a.contoso.com') => ({
  host,
  token,
  keyAuthorization: `${token}.k`,
})
const path = (token: string): string => `/.well-known/acme-challenge/${token}`

t.test('one store follows another by what it says', async (t) => {
  const one = new ChallengeStore()
  const other = new ChallengeStore()
  const changes: ChallengeChange[] = []
  one.onChange = (change) => {
    changes.push(structuredClone(change))
    other.apply(change)
  }
  one.set(of('a'))
  one.set(of('a'))
  one.set(of('b'))
  one.delete('a')
  one.delete('a')
  t.same(
    changes.map(({ kind }) => kind),
    ['set', 'set', 'delete'],
    'only what is new',
  )
  t.same(other.list(), [of('b')])
  t.equal(other.answerTo('a.contoso.com', path('b')), 'b.k')
  t.equal(other.answerTo('b.contoso.com', path('b')), undefined)
  t.equal(other.answerTo('a.contoso.com', path('a')), undefined)
})

t.test('it has an end, and the oldest goes first', async (t) => {
  const store = new ChallengeStore()
  for (let n = 0; n < 1_000; n++) store.set(of(`t${n}`))
  t.equal(store.list().length, 256)
  t.equal(store.answerTo('a.contoso.com', path('t999')), 't999.k')
  t.equal(store.answerTo('a.contoso.com', path('t0')), undefined)
})
