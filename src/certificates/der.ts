/** DER, as far as PKCS #12, OCSP and the extensions of a certificate need it (ITU-T X.690). Bounded, and never throws. */

export interface DerNode {
  /** The whole identifier octet: 0x30 SEQUENCE, 0x04 OCTET STRING, 0xa0 [0] constructed … */
  readonly tag: number
  readonly content: Buffer
  /** Header and content. */
  readonly whole: Buffer
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  generalizedTime: 0x18,
  sequence: 0x30,
  context0: 0xa0,
  context1: 0xa1,
  context2: 0xa2,
  context3: 0xa3,
} as const

/** The elements that bytes consist of. Undefined: they are not DER, indefinite lengths (BER) included. */
export function readDer(bytes: Buffer): readonly DerNode[] | undefined {
  const nodes: DerNode[] = []
  for (let at = 0; at < bytes.length; ) {
    const node = readNode(bytes, at)
    if (!node) return undefined
    nodes.push(node)
    at += node.whole.length
  }
  return nodes
}

/** The first element of bytes, if it has this tag. */
export function readOne(bytes: Buffer | undefined, tag: number): DerNode | undefined {
  const node = bytes && readNode(bytes, 0)
  return node?.tag === tag ? node : undefined
}

/** The elements inside one, if it has this tag; none where it has not. */
export function childrenOf(node: DerNode | undefined, tag: number): readonly DerNode[] {
  return node?.tag === tag ? (readDer(node.content) ?? []) : []
}

/** `1.2.840.113549…`; empty where the element is no object identifier. */
export function readOid(node: DerNode | undefined): string {
  if (node?.tag !== tags.oid || node.content.length > 32) return ''
  const arcs: number[] = []
  let value = 0
  for (const byte of node.content) {
    value = value * 128 + (byte & 0x7f)
    if ((byte & 0x80) !== 0) continue
    if (arcs.length === 0) arcs.push(Math.min(Math.floor(value / 40), 2))
    arcs.push(arcs.length === 1 ? value - (arcs[0] ?? 0) * 40 : value)
    value = 0
  }
  return arcs.join('.')
}

/** A small number that is not negative; -1: it is none. */
export function readSmallInteger(node: DerNode | undefined): number {
  if (node?.tag !== tags.integer || node.content.length === 0 || node.content.length > 6) return -1
  const isNegative = ((node.content[0] ?? 0) & 0x80) !== 0
  return isNegative ? -1 : node.content.readUIntBE(0, node.content.length)
}

/** The bytes of a BIT STRING that is a number of whole octets; undefined: it is none. */
export function readBits(node: DerNode | undefined): Buffer | undefined {
  return node?.tag === tags.bits && node.content[0] === 0 ? node.content.subarray(1) : undefined
}

/** `20261122174500Z`, the one form that certificates and OCSP have (RFC 5280 4.1.2.5.2). Undefined: it is none. */
export function readGeneralizedTime(node: DerNode | undefined): Date | undefined {
  if (node?.tag !== tags.generalizedTime || node.content.length !== 15) return undefined
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(node.content.toString('latin1')) ?? []
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** One element around others, or around bytes. */
export function writeDer(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  if (length > 0xffff) throw new RangeError('nothing that is written here is that long')
  return Buffer.concat([Buffer.from(header), content])
}

function readNode(bytes: Buffer, at: number): DerNode | undefined {
  const tag = bytes[at]
  const first = bytes[at + 1]
  // Tags of more than one octet do not occur here.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined
  const size = first < 0x80 ? 0 : first & 0x7f
  if (first >= 0x80 && (size === 0 || size > 4)) return undefined
  const start = at + 2 + size
  if (start > bytes.length) return undefined
  const length = size === 0 ? first : bytes.readUIntBE(at + 2, size)
  if (start + length > bytes.length) return undefined
  return {
    tag,
    content: bytes.subarray(start, start + length),
    whole: bytes.subarray(at, start + length),
  }
}
