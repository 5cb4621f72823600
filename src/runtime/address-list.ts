/** Networks of the file as a test for addresses. */
import { BlockList, isIPv6 } from 'node:net'

/**
 * @param networks in CIDR form; none: no address belongs to them
 * @returns asks for addresses without a zone, IPv4-mapped IPv6 written as IPv4
 */
export function addressList(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/')
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
