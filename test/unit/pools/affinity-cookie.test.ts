import t from 'tap'
import {
  affinityCookie,
  readAffinityCookie,
  setsAffinityCookie,
} from '../../../src/pools/affinity-cookie.ts'

t.test('Microsoft: not httpOnly, no expiration', async (t) => {
  const value = affinityCookie('abc')
  t.equal(value, 'MS-WSMAN=abc; path=/')
  t.notMatch(value, /httponly|expires|max-age/i)
})

t.test('is found in a Cookie field', async (t) => {
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['MS-WSMAN=abc', 'abc'],
    ['a=b; MS-WSMAN=abc; c=d', 'abc'],
    ['a=b;MS-WSMAN=abc', 'abc'],
    ['a=b;\tMS-WSMAN=abc ', 'abc'],
    ['MS-WSMAN="abc"', 'abc'],
    ['MS-WSMAN=', ''],
    ['MS-WSMAN=one; MS-WSMAN=two', 'one'],
    ['X-MS-WSMAN=abc', undefined],
    ['X-MS-WSMAN=abc; MS-WSMAN=def', 'def'],
    ['a=MS-WSMAN=abc', undefined],
    ['ms-wsman=abc', undefined],
    ['MS-WSMAN', undefined],
    ['', undefined],
  ]
  for (const [field, expected] of fields) t.equal(readAffinityCookie(field), expected, field)
})

t.test('is known when a server sets it', async (t) => {
  t.ok(setsAffinityCookie('MS-WSMAN=abc; path=/'))
  t.ok(setsAffinityCookie(' MS-WSMAN=abc'))
  t.notOk(setsAffinityCookie('X-MS-WSMAN=abc'))
  t.notOk(setsAffinityCookie('a=MS-WSMAN=abc'))
})
