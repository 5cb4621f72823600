import t from 'tap'
import { affinityKeyOf } from '../../../src/pools/server.ts'

t.test('an affinity key follows from the file alone', async (t) => {
  const key = affinityKeyOf('pool01', 'fe01.contoso.local', 4443)
  t.equal(key, affinityKeyOf('pool01', 'fe01.contoso.local', 4443))
  t.match(key, /^[A-Za-z0-9_-]{16}$/, 'a cookie value that needs no quotes')
  const others = [
    affinityKeyOf('pool02', 'fe01.contoso.local', 4443),
    affinityKeyOf('pool01', 'fe02.contoso.local', 4443),
    affinityKeyOf('pool01', 'fe01.contoso.local', 4444),
  ]
  t.equal(new Set([key, ...others]).size, 4)
})
