import t from 'tap'
import { ConnectionLimits, clientKey } from '../../../src/guard/connection-limits.ts'

t.test('what counts as one client', async (t) => {
  const keys: readonly [address: string, key: string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8::', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1::2:3:4:5:6:7', '1:0:2:3'],
    ['::2:3:4:5:6:7:8', '0:2:3:4'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
    ['1:2:3::6:7:192.0.2.1', '1:2:3:0'],
    ['::1:2:3:4:5:192.0.2.1', '0:1:2:3'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['', ''],
  ]
  for (const [address, key] of keys) t.equal(clientKey(address), key, address)
})

t.test('a client has its own bound, and gets its places back', async (t) => {
  const limits = new ConnectionLimits({ connections: 100, connectionsPerClient: 2 })
  t.equal(limits.admit('2001:db8::1'), true)
  t.equal(limits.admit('2001:db8::2'), true)
  t.equal(limits.admit('2001:db8:0:0:ffff::3'), false, 'the same /64')
  t.equal(limits.admit('2001:db8:0:1::1'), true, 'another /64')
  t.equal(limits.open, 3, 'a refused one does not count')
  limits.release('2001:db8::2')
  t.equal(limits.admit('2001:db8::4'), true)
  t.equal(limits.admit('2001:db8::5'), false)
})

t.test('all clients together have a bound', async (t) => {
  const limits = new ConnectionLimits({ connections: 2, connectionsPerClient: 2 })
  t.equal(limits.admit('192.0.2.1'), true)
  t.equal(limits.admit('192.0.2.2'), true)
  t.equal(limits.admit('192.0.2.3'), false)
  limits.release('192.0.2.1')
  t.equal(limits.open, 1)
  t.equal(limits.admit('192.0.2.3'), true)
})

t.test('new limits do not end what is open', async (t) => {
  const limits = new ConnectionLimits({ connections: 5, connectionsPerClient: 5 })
  for (let index = 0; index < 5; index++) limits.admit('192.0.2.1')
  limits.adopt({ connections: 3, connectionsPerClient: 1 })
  t.equal(limits.open, 5)
  t.equal(limits.admit('192.0.2.2'), false)
  for (let index = 0; index < 5; index++) limits.release('192.0.2.1')
  t.equal(limits.open, 0)
  t.equal(limits.admit('192.0.2.1'), true)
})

t.test('a connection without a name counts in all, and for no client', async (t) => {
  const limits = new ConnectionLimits({ connections: 2, connectionsPerClient: 1 })
  t.equal(limits.admitUnnamed(), true)
  t.equal(limits.admitUnnamed(), true)
  t.equal(limits.admitUnnamed(), false)
  t.equal(limits.admit('192.0.2.1'), false)
  limits.releaseUnnamed()
  t.equal(limits.admit('192.0.2.1'), true)
  t.equal(limits.open, 2)
  limits.releaseUnnamed()
  limits.release('192.0.2.1')
  t.equal(limits.open, 0)
  limits.elsewhere = { open: 1, clients: new Map(), listeners: new Map() }
  t.equal(limits.admitUnnamed(), true)
  t.equal(limits.admitUnnamed(), false, 'other processes count')
})

t.test('a listener has its own bound, over all its ports', async (t) => {
  const limits = new ConnectionLimits()
  const settings = { connections: 4, connectionsPerClient: 4 }
  const listeners = [
    { name: 'internet', connections: 2 },
    { name: 'inside', connections: undefined },
  ]
  limits.adopt(settings, listeners)
  const [http, https] = [limits.shareOf('internet'), limits.shareOf('internet')]
  const inside = limits.shareOf('inside')
  const asked: unknown[] = []
  limits.makeRoom = (among) => asked.push(among) < 0
  t.equal(limits.tryToAdmit('192.0.2.1', http), undefined)
  t.equal(limits.admitUnnamed(https), true)
  t.equal(limits.tryToAdmit('192.0.2.1', https), 'listener')
  t.equal(limits.admitUnnamed(http), false)
  t.same(asked, [{ listener: 'internet' }, { listener: 'internet' }], 'nobody else is to go')
  t.equal(limits.tryToAdmit('192.0.2.1', inside), undefined)
  t.equal(limits.tryToAdmit('192.0.2.1', inside), undefined)
  t.equal(limits.tryToAdmit('192.0.2.2', inside), 'all')
  t.same(limits.count(10).listeners, new Map([['internet', 2]]), 'of no use without a limit')
  limits.releaseUnnamed(https)
  t.equal(limits.tryToAdmit('192.0.2.2', http), undefined)
  limits.release('192.0.2.2', http)
  limits.release('192.0.2.1', http)
  t.same(limits.count(10), { open: 2, clients: new Map([['192.0.2.1', 2]]), listeners: new Map() })
})

t.test('a bound of a listener can come, change and go while connections are open', async (t) => {
  const limits = new ConnectionLimits()
  const settings = { connections: 100, connectionsPerClient: 100 }
  const adopt = (connections?: number) =>
    limits.adopt(settings, [{ name: 'internet', connections: connections }])
  const lack = () => limits.tryToAdmit('192.0.2.1', limits.shareOf('internet'))
  adopt()
  for (let n = 0; n < 3; n++) t.equal(lack(), undefined)
  adopt(3)
  t.equal(lack(), 'listener', 'who was there before counts')
  adopt(4)
  t.equal(lack(), undefined)
  t.equal(lack(), 'listener')
  adopt()
  t.equal(lack(), undefined)
  limits.adopt(settings, [])
  t.equal(limits.shareOf('internet').open, 5, 'known until the last has gone')
})

t.test('what a listener has in other processes counts', async (t) => {
  const limits = new ConnectionLimits()
  const settings = { connections: 100, connectionsPerClient: 100 }
  const early = limits.shareOf('internet')
  limits.elsewhere = {
    open: 3,
    clients: new Map(),
    listeners: new Map([
      ['internet', 1],
      ['inside', 2],
    ]),
  }
  limits.adopt(settings, [
    { name: 'internet', connections: 2 },
    { name: 'inside', connections: 2 },
  ])
  t.equal(limits.tryToAdmit('192.0.2.1', early), undefined)
  t.equal(limits.tryToAdmit('192.0.2.1', early), 'listener')
  t.equal(limits.tryToAdmit('192.0.2.1', limits.shareOf('inside')), 'listener')
  limits.elsewhere = { open: 0, clients: new Map(), listeners: new Map() }
  t.equal(limits.tryToAdmit('192.0.2.1', early), undefined)
})
