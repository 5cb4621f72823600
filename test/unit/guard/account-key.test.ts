import t from 'tap'
import { accountKey } from '../../../src/guard/account-key.ts'
import { fc } from '../../support/property.ts'

t.test('all spellings of an account that a domain takes for one', async (t) => {
  for (const name of [
    'alice',
    'ALICE',
    '\\alice',
    'CONTOSO\\alice',
    'contoso.local\\Alice',
    'ANYTHING\\alice',
    'CONTOSO/alice',
    'alice@contoso.com',
    'Alice@CONTOSO.LOCAL',
    'alice@',
    'CONTOSO\\alice@contoso.com',
    'álice',
    'a\u0301lice',
    '\uff21\uff4c\uff49\uff43\uff45',
    'ali\u200bce',
    'alice\0',
    ' alice. ',
  ])
    t.equal(accountKey(name), 'alice', JSON.stringify(name))
})

t.test('others are others', async (t) => {
  t.equal(accountKey('bob'), 'bob')
  t.equal(accountKey('@alice'), '@alice', 'nothing before the sign')
  t.equal(accountKey(''), '')
  t.equal(accountKey('\u3042'), accountKey('\u30a2'), 'hiragana and katakana are one to the index')
  t.equal(accountKey('straße'), accountKey('STRASSE'))
})

t.test('long names stay apart and do not grow', async (t) => {
  const [one, other] = ['x', 'y'].map((end) => accountKey('a'.repeat(500) + end))
  t.not(one, other)
  t.equal(one?.length, 49)
})

t.test('any text has a key, which is its own key and safe to print', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
      const key = accountKey(name)
      return key.length <= 64 && !/\p{Cc}/u.test(key)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string(), (name, domain) => {
      if (/[\\/@]/.test(name)) return true
      return accountKey(`${domain}\\${name}`) === accountKey(name)
    }),
  )
  t.pass()
})
