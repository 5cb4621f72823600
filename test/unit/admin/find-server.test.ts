import t from 'tap'
import { findServer } from '../../../src/admin/find-server.ts'
import type { Pool } from '../../../src/pools/pool.ts'
import type { Server } from '../../../src/pools/server.ts'

const serverAt = (address: string, httpsPort: number, httpPort = 80): Server =>
  ({ address, httpsPort, httpPort, facts: { place: `pool01/${address}:${httpsPort}` } }) as Server

const pools = new Map([
  [
    'pool01',
    {
      name: 'pool01',
      servers: [
        serverAt('fe01.contoso.local', 4443),
        serverAt('fe02.contoso.local', 4443),
        serverAt('fe02.contoso.local', 4444),
        serverAt('fe03.contoso.local', 4443, 1),
        serverAt('fe03.contoso.local', 4443, 2),
        serverAt('fd00::1', 4443),
      ],
    } as unknown as Pool,
  ],
])

const placeOf = (name: string, pool = 'pool01'): string => {
  const found = findServer(pools, pool, name)
  return found.ok ? found.value.server.facts.place : `${found.error.code}: ${found.error.hint}`
}

t.test('by address, by address and port', async (t) => {
  t.equal(placeOf('fe01.contoso.local'), 'pool01/fe01.contoso.local:4443')
  t.equal(placeOf('FE01.contoso.local:4443'), 'pool01/fe01.contoso.local:4443')
  t.equal(placeOf('fe02.contoso.local:4444'), 'pool01/fe02.contoso.local:4444')
  t.equal(
    placeOf('fe03.contoso.local'),
    'pool01/fe03.contoso.local:4443',
    'one place, drained as one',
  )
  for (const name of ['fd00::1', '[fd00::1]', '[fd00::1]:4443', 'fd00::1:4443'])
    t.equal(placeOf(name), 'pool01/fd00::1:4443', name)
})

t.test('what is not there, and what is there twice', async (t) => {
  t.equal(placeOf('x', 'pool02'), 'unknown-pool: pools: pool01')
  t.match(placeOf('fe01.contoso.local:80'), /^unknown-server: servers: fe01.contoso.local:4443, /)
  t.match(placeOf(''), /^unknown-server/)
  t.equal(
    placeOf('fe02.contoso.local'),
    'ambiguous-server: say which: fe02.contoso.local:4443, fe02.contoso.local:4444',
  )
})
