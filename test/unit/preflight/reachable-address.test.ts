import t from 'tap'
import { isSpecialAddress } from '../../../src/preflight/reachable-address.ts'

t.test('addresses that the Internet cannot reach', async (t) => {
  const special = `10.0.0.1 127.0.0.1 100.64.0.1 169.254.1.1 172.16.0.1 172.31.255.255 192.168.0.1 0.0.0.0 224.0.0.1
    255.255.255.255 192.0.2.1 198.51.100.7 203.0.113.9 198.18.0.1 ::1 :: fe80::1 fd00::1 ff02::1 2001:db8::1
    ::ffff:10.0.0.1`
  for (const address of special.trim().split(/\s+/)) t.ok(isSpecialAddress(address), address)
  const reachable =
    '63.201.34.21 8.8.8.8 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.167.0.1 2a00:1450::1 ::ffff:8.8.8.8'
  for (const address of reachable.split(' ')) t.notOk(isSpecialAddress(address), address)
})
