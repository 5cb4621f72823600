import { BlockList, isIPv6 } from 'node:net'
import t from 'tap'
import { canonicalIp, parseNetwork } from '../../../src/config/network.ts'
import { fc } from '../../support/property.ts'

t.test('networks are normalised', async (t) => {
  const written = {
    '192.0.2.0/28': '192.0.2.0/28',
    '192.0.2.7/28': '192.0.2.0/28',
    '192.0.2.7': '192.0.2.7/32',
    '255.255.255.255/1': '128.0.0.0/1',
    '0.0.0.0/0': '0.0.0.0/0',
    '2001:DB8:0:0::/32': '2001:db8::/32',
    '2001:db8::5': '2001:db8::5/128',
    '2001:db8:ffff::/33': '2001:db8:8000::/33',
    '::ffff:192.0.2.1': '::ffff:c000:201/128',
    '::/0': '::/0',
  }
  for (const [text, value] of Object.entries(written)) {
    t.same(parseNetwork(text), { ok: true, value }, text)
  }
})

t.test('what is no network is refused', async (t) => {
  for (const text of [
    '',
    '/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/',
  ]) {
    t.match(parseNetwork(text), { ok: false }, text)
  }
  for (const text of [
    '10.0.0',
    'a.example/8',
    '10.0.0.0/8/8',
    'fe80::1%eth0/64',
    '010.0.0.1',
    ' ::',
  ]) {
    t.match(parseNetwork(text), { ok: false }, text)
  }
})

t.test('a normalised network still contains the address it was made from', async (t) => {
  const check = (address: string, width: number) =>
    fc.property(fc.nat(width), (bits) => {
      const parsed = parseNetwork(`${address}/${bits}`)
      if (!parsed.ok) return false
      const family = isIPv6(address) ? 'ipv6' : 'ipv4'
      const [network = '', prefix = ''] = parsed.value.split('/')
      const list = new BlockList()
      list.addSubnet(network, Number(prefix), family)
      return list.check(address, family) && parseNetwork(parsed.value).ok
    })
  fc.assert(fc.property(fc.ipV4(), (address) => void fc.assert(check(address, 32), { numRuns: 5 })))
  fc.assert(
    fc.property(fc.ipV6(), (address) => void fc.assert(check(address, 128), { numRuns: 5 })),
  )
  t.pass('for all of them')
})

t.test('equal addresses get one spelling', async (t) => {
  t.equal(canonicalIp('2001:0DB8:0::0001'), '2001:db8::1')
  t.equal(canonicalIp('::'), '::')
  t.equal(canonicalIp('192.0.2.1'), '192.0.2.1')
  t.equal(canonicalIp('fe80::1%eth0'), 'fe80::1%eth0')
})
