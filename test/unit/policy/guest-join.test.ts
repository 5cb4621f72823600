import t from 'tap'
import { withGuestJoin } from '../../../src/policy/guest-join.ts'

t.test('meeting links get sl=1, whatever their query', async (t) => {
  t.equal(withGuestJoin('GET', '/alice/7322994'), '/alice/7322994?sl=1')
  t.equal(withGuestJoin('GET', '/meet/alice/ABC123XY'), '/meet/alice/ABC123XY?sl=1')
  t.equal(
    withGuestJoin('GET', '/contoso.com/Meet/alice/7322994?a=b'),
    '/contoso.com/Meet/alice/7322994?a=b&sl=1',
  )
  t.equal(withGuestJoin('GET', '/alice.smith/7322994?'), '/alice.smith/7322994?sl=1')
})

t.test('everything else stays byte for byte', async (t) => {
  for (const target of [
    '/',
    '/alice/7322994?sl=',
    '/alice/7322994?x&SL=0',
    '/meet/JavaScript/a.js',
    '/a/b/c/d',
    '/x/../alice/7322994',
    '/lwa/a%zz',
  ]) {
    t.equal(withGuestJoin('GET', target), target)
  }
  t.equal(withGuestJoin('POST', '/alice/7322994'), '/alice/7322994')
})
