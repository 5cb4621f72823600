/** Which addresses cannot be reached from the Internet (RFC 6890 and its registry). */

import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { unmapped } from '../base/unmapped.ts'

const special = new BlockList()
for (const network of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
  '2001:db8::/32',
]) {
  const [address = '', prefix = ''] = network.split('/')
  special.addSubnet(address, Number(prefix), isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** True for private, loopback, link-local, documentation and other special addresses. */
export function isSpecialAddress(address: string): boolean {
  if (isIPv4(address)) return special.check(address, 'ipv4')
  if (!isIPv6(address)) return false
  const plain = unmapped(address)
  return special.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
}
