/**
 * The PROXY header towards a server: who its client really is ("The PROXY protocol, versions 1 & 2", haproxy.org,
 * sections 2.1 and 2.2). Pure.
 */

import { isIPv4, isIPv6 } from 'node:net'
import { unmapped } from '../base/unmapped.ts'

/** Both ends of the client's own connection. */
export interface ProxiedConnection {
  readonly clientAddress: string
  readonly clientPort: number
  /** Where the client has connected to. */
  readonly localAddress: string
  readonly localPort: number
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Version 2, command PROXY. */
const PROXY = 0x21
/** Version 2, command LOCAL: no client is named. */
const LOCAL = 0x20
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21

/** An IPv4 client of a dual-stack listener is one of IPv4; addresses that are none give a header that names nobody. */
export function writeProxyHeader(version: 'v1' | 'v2', connection: ProxiedConnection): Buffer {
  const { clientPort, localPort } = connection
  const client = plain(connection.clientAddress)
  const local = plain(connection.localAddress)
  const isKnown = isIP(client) && isIP(local)
  const isAllIPv4 = isIPv4(client) && isIPv4(local)
  if (version === 'v1') {
    if (!isKnown) return Buffer.from('PROXY UNKNOWN\r\n')
    const [from, to] = isAllIPv4 ? [client, local] : [asIPv6(client), asIPv6(local)]
    const family = isAllIPv4 ? 'TCP4' : 'TCP6'
    return Buffer.from(`PROXY ${family} ${from} ${to} ${clientPort} ${localPort}\r\n`)
  }
  if (!isKnown) return Buffer.concat([SIGNATURE, Buffer.from([LOCAL, 0, 0, 0])])
  const addresses = isAllIPv4
    ? [bytesOfIPv4(client), bytesOfIPv4(local)]
    : [bytesOfIPv6(asIPv6(client)), bytesOfIPv6(asIPv6(local))]
  const rest = Buffer.concat([...addresses, Buffer.alloc(4)])
  rest.writeUInt16BE(clientPort, rest.length - 4)
  rest.writeUInt16BE(localPort, rest.length - 2)
  const head = Buffer.from([PROXY, isAllIPv4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6, 0, rest.length])
  return Buffer.concat([SIGNATURE, head, rest])
}

const isIP = (address: string): boolean => isIPv4(address) || isIPv6(address)

/** Without a zone (`fe80::1%eth0`), which means something on this machine only; IPv4-mapped as IPv4. */
function plain(address: string): string {
  const [text = ''] = address.split('%')
  return unmapped(text)
}

/** Both addresses of a header are of one family. */
const asIPv6 = (address: string): string => (isIPv4(address) ? `::ffff:${address}` : address)

const bytesOfIPv4 = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

function bytesOfIPv6(address: string): Buffer {
  // The URL parser writes IPv4 at the end as two groups.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const zeros = new Array<number>(8 - before.length - after.length).fill(0)
  const bytes = Buffer.alloc(16)
  for (const [index, group] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(group, index * 2)
  return bytes
}

const groupsOf = (text: string): number[] =>
  text
    .split(':')
    .filter(Boolean)
    .map((group) => Number.parseInt(group, 16))
