/** What somebody wants to see of the traffic. Plain data: it travels to the processes that serve. */
import { BlockList, isIPv6 } from 'node:net'
import { unmapped } from '../base/unmapped.ts'
import { parseNetwork } from '../config/network.ts'

export interface TraceRequest {
  readonly id: string
  /** A network in CIDR form. */
  readonly client: string
  /** Lower case; undefined: any. */
  readonly host: string | undefined
  /** The name of a rule; undefined: any, or none. */
  readonly rule: string | undefined
  /** Texts of bodies are kept too. */
  readonly bodies: boolean
  readonly forMs: number
  readonly maxExchanges: number
  /** Of the entries as text. */
  readonly maxBytes: number
}

/** The highest that can be asked for. */
export const traceLimits = {
  /** Traces at a time. */
  traces: 4,
  forMs: 8 * 3_600_000,
  exchanges: 10_000,
  bytes: 64 * 2 ** 20,
  /** Of one body. */
  bodyBytes: 64 * 2 ** 10,
  /** Of all bodies that one process holds for exchanges in progress. */
  heldBytes: 16 * 2 ** 20,
} as const

/** @returns CIDR form, IPv4-mapped addresses and networks as IPv4; undefined: it is neither */
export function readClient(text: string): string | undefined {
  const [address = '', prefix] = text.split('/')
  const plain = unmapped(address)
  const isMapped = plain !== address
  if (prefix === undefined || !isMapped) return networkOf(isMapped ? plain : text)
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) - 96 : -1
  return bits < 0 ? undefined : networkOf(`${plain}/${bits}`)
}

function networkOf(text: string): string | undefined {
  const network = parseNetwork(text)
  return network.ok ? network.value : undefined
}

/** @returns asks for addresses, IPv4-mapped IPv6 written as IPv4 */
export function clientTest({ client }: TraceRequest): (address: string) => boolean {
  const [network = '', prefix = ''] = client.split('/')
  const list = new BlockList()
  list.addSubnet(network, Number(prefix), isIPv6(network) ? 'ipv6' : 'ipv4')
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
