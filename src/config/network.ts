/** IP addresses and networks in one spelling, so that equal ones compare equal. */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'
import { failed, ok, type Result } from '../base/result.ts'

/** The shortest spelling of an IP address: `0:0::1` is `::1`. Anything else comes back as it is. */
export function canonicalIp(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Only this machine reaches it (RFC 1122 3.2.1.3, RFC 4291 2.5.3). `::ffff:127.0.0.1` is loopback too. */
export const isLoopback = (address: string): boolean =>
  loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')

/**
 * Reads `192.0.2.0/28`, `2001:db8::/32` or one address and returns CIDR form with the host bits
 * cleared (one address is /32 or /128), or a sentence that says what is wrong.
 */
export function parseNetwork(text: string): Result<string, string> {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0 || address.includes('%')) {
    return failed('write an IP address or a network such as 192.0.2.0/28')
  }
  const width = family === 4 ? 32 : 128
  const bits = prefix === undefined ? width : readPrefix(prefix)
  if (bits === undefined || bits > width) {
    return failed(`the part after the slash is a number from 0 to ${width}`)
  }
  const network = (toNumber(address) >> BigInt(width - bits)) << BigInt(width - bits)
  return ok(`${toAddress(network, width)}/${bits}`)
}

const readPrefix = (text: string): number | undefined =>
  /^(?:0|[1-9]\d{0,2})$/.test(text) ? Number(text) : undefined

function toNumber(address: string): bigint {
  const parts = isIPv4(address) ? address.split('.').map(Number) : toGroups(canonicalIp(address))
  const step = isIPv4(address) ? 8n : 16n
  return parts.reduce((sum, part) => (sum << step) | BigInt(part), 0n)
}

/** The eight groups of a canonical IPv6 address. */
function toGroups(canonical: string): number[] {
  const [head = '', tail] = canonical.split('::')
  const read = (text: string) => text.split(':').filter(Boolean).map(readGroup)
  if (tail === undefined) return read(head)
  const after = read(tail)
  const before = read(head)
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}

const readGroup = (text: string): number => Number.parseInt(text, 16)

function toAddress(value: bigint, width: number): string {
  const step = width === 32 ? 8 : 16
  const parts = Array.from({ length: width / step }, (_, index) =>
    Number((value >> BigInt(width - step * (index + 1))) & ((1n << BigInt(step)) - 1n)),
  )
  if (width === 32) return parts.join('.')
  return canonicalIp(parts.map((part) => part.toString(16)).join(':'))
}
