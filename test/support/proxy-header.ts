/** Writes PROXY headers, versions 1 and 2 (HAProxy's proxy-protocol.txt), right and wrong ones. */
import { isIPv4, SocketAddress } from 'node:net'
import { crc32c } from '../../src/listeners/crc32c.ts'

export interface ProxiedConnection {
  readonly source: string
  /** Default: the unspecified address of the same family. */
  readonly destination?: string
  readonly sourcePort?: number
  readonly destinationPort?: number
}

/** The human-readable line. Both addresses are of one family. */
export function proxyLine(connection: ProxiedConnection): Buffer {
  const { source, destination, sourcePort, destinationPort } = filled(connection)
  const family = isIPv4(source) ? 'TCP4' : 'TCP6'
  const line = `PROXY ${family} ${source} ${destination} ${sourcePort} ${destinationPort}\r\n`
  return Buffer.from(line, 'latin1')
}

/** Type and value of one vector behind the addresses. */
export type Vector = readonly [type: number, value: Buffer]

export interface BinaryOptions {
  readonly vectors?: readonly Vector[]
  /** Adds the checksum, behind the other vectors. */
  readonly checksum?: boolean
}

/** The binary header of a TCP connection. */
export function proxyBinary(connection: ProxiedConnection, options: BinaryOptions = {}): Buffer {
  const { source, destination, sourcePort, destinationPort } = filled(connection)
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(sourcePort, 0)
  ports.writeUInt16BE(destinationPort, 2)
  const block = Buffer.concat([addressBytes(source), addressBytes(destination), ports])
  return proxyFrame(0x21, isIPv4(source) ? 0x11 : 0x21, block, options)
}

/** What HAProxy sends with its own health checks. */
export const proxyLocal = (options: BinaryOptions = {}): Buffer =>
  proxyFrame(0x20, 0x00, Buffer.alloc(0), options)

/** Any version and command, any family and protocol, any block. */
export function proxyFrame(
  command: number,
  family: number,
  block: Buffer,
  { vectors = [], checksum = false }: BinaryOptions = {},
): Buffer {
  const all = checksum ? [...vectors, [0x03, Buffer.alloc(4)] as const] : vectors
  const body = Buffer.concat([block, ...all.map(vectorBytes)])
  const fixed = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a])
  const rest = Buffer.from([command, family, body.length >> 8, body.length & 0xff])
  const header = Buffer.concat([fixed, rest, body])
  if (checksum) header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}

function vectorBytes([type, value]: Vector): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])
}

function filled(connection: ProxiedConnection): Required<ProxiedConnection> {
  const destination = isIPv4(connection.source) ? '0.0.0.0' : '::'
  return { destination, sourcePort: 40_000, destinationPort: 443, ...connection }
}

/** The 4 or 16 bytes of an address. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const { address: short } = new SocketAddress({ address, family: 'ipv6' })
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(short)
  const text = dotted
    ? `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`
    : short
  const [head = '', tail] = text.split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const left = groups(head)
  const right = groups(tail ?? '')
  const zeros = Array<number>(8 - left.length - right.length).fill(0)
  return Buffer.from([...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 0xff]))
}

const hex = (high = '', low = ''): string => (Number(high) * 256 + Number(low)).toString(16)
