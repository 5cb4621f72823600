import t from 'tap'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'
import { withGuestJoin } from '../../../src/policy/guest-join.ts'

const join = (method: string, target: string): string =>
  withGuestJoin(method, target, canonicalPath(target))

t.test('meeting links get sl=1, whatever their query', async (t) => {
  t.equal(join('GET', '/alice/7322994'), '/alice/7322994?sl=1')
  t.equal(join('GET', '/meet/alice/ABC123XY'), '/meet/alice/ABC123XY?sl=1')
  t.equal(
    join('GET', '/contoso.com/Meet/alice/7322994?a=b'),
    '/contoso.com/Meet/alice/7322994?a=b&sl=1',
  )
  t.equal(join('GET', '/alice.smith/7322994?'), '/alice.smith/7322994?sl=1')
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
    '/abs/handler1',
    '/lwa/webpages',
    '/Autodiscover/XFrame01',
    '/webticket/7322994',
  ]) {
    t.equal(join('GET', target), target)
  }
  t.equal(join('POST', '/alice/7322994'), '/alice/7322994')
})
