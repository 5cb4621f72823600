/** Reading and writing NTLM messages (MS-NLMP 2.2). Readers take any bytes and never throw. */

const signature = Buffer.from('NTLMSSP\0', 'latin1')

/** The negotiate flags that the lab uses (MS-NLMP 2.2.2.5). */
export const ntlmFlags = {
  unicode: 0x00000001,
  oem: 0x00000002,
  requestTarget: 0x00000004,
  ntlm: 0x00000200,
  alwaysSign: 0x00008000,
  targetTypeDomain: 0x00010000,
  extendedSessionSecurity: 0x00080000,
  targetInfo: 0x00800000,
  version: 0x02000000,
  strength128: 0x20000000,
} as const

/** Ids of the attribute-value pairs in the target information (MS-NLMP 2.2.2.1). */
export const targetInfoIds = {
  end: 0,
  netbiosComputer: 1,
  netbiosDomain: 2,
  dnsComputer: 3,
  dnsDomain: 4,
  timestamp: 7,
} as const

/** The server's challenge, type 2. */
export interface NtlmChallenge {
  readonly flags: number
  /** 8 bytes. */
  readonly serverChallenge: Buffer
  readonly targetName: string
  /** The attribute-value pairs as sent, end marker included; empty when there are none. */
  readonly targetInfo: Buffer
}

/** The client's answer, type 3. */
export interface NtlmAuthenticate {
  readonly user: string
  readonly domain: string
  readonly workstation: string
  /** NTLMv2: 16 bytes of proof, then the blob. */
  readonly ntResponse: Buffer
  readonly lmResponse: Buffer
}

/** Which NTLM message this is, or `undefined` for anything else. */
export function ntlmMessageType(message: Buffer): 1 | 2 | 3 | undefined {
  if (message.length < 16 || !message.subarray(0, 8).equals(signature)) return undefined
  const type = message.readUInt32LE(8)
  return type === 1 || type === 2 || type === 3 ? type : undefined
}

/** Reads a type 2; `undefined` when it is truncated or a field points outside the message. */
export function readChallenge(message: Buffer): NtlmChallenge | undefined {
  if (ntlmMessageType(message) !== 2 || message.length < 32) return undefined
  const flags = message.readUInt32LE(20)
  const targetName = readField(message, 12)
  const targetInfo = message.length >= 48 ? readField(message, 40) : Buffer.alloc(0)
  if (!targetName || !targetInfo) return undefined
  return {
    flags,
    serverChallenge: message.subarray(24, 32),
    targetName: decodeText(targetName, flags),
    targetInfo,
  }
}

/** Reads a type 3; `undefined` when it is truncated or a field points outside the message. */
export function readAuthenticate(message: Buffer): NtlmAuthenticate | undefined {
  if (ntlmMessageType(message) !== 3 || message.length < 64) return undefined
  const flags = message.readUInt32LE(60)
  const [lmResponse, ntResponse, domain, user, workstation] = [12, 20, 28, 36, 44].map((at) =>
    readField(message, at),
  )
  if (!lmResponse || !ntResponse || !domain || !user || !workstation) return undefined
  return {
    lmResponse,
    ntResponse,
    domain: decodeText(domain, flags),
    user: decodeText(user, flags),
    workstation: decodeText(workstation, flags),
  }
}

/** Reads attribute-value pairs up to the end marker or the first that does not fit. */
export function readTargetInfo(targetInfo: Buffer): ReadonlyMap<number, Buffer> {
  const pairs = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= targetInfo.length; ) {
    const id = targetInfo.readUInt16LE(at)
    const end = at + 4 + targetInfo.readUInt16LE(at + 2)
    if (id === targetInfoIds.end || end > targetInfo.length) break
    pairs.set(id, targetInfo.subarray(at + 4, end))
    at = end
  }
  return pairs
}

/** Writes attribute-value pairs and the end marker. */
export function writeTargetInfo(pairs: ReadonlyMap<number, Buffer>): Buffer {
  const parts = [...pairs].flatMap(([id, value]) => {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(id, 0)
    head.writeUInt16LE(value.length, 2)
    return [head, value]
  })
  return Buffer.concat([...parts, Buffer.alloc(4)])
}

/** A message: the fixed part of the given size with signature and type, and fields placed behind it. */
export interface MessageDraft {
  readonly type: 1 | 2 | 3
  readonly fixedBytes: number
  /** The place of each field's descriptor in the fixed part, and its content. */
  readonly fields: readonly (readonly [at: number, content: Buffer])[]
}

/** Lays out a message; the caller writes the numbers of the fixed part into the result. */
export function layOutMessage({ type, fixedBytes, fields }: MessageDraft): Buffer {
  const fixed = Buffer.alloc(fixedBytes)
  signature.copy(fixed)
  fixed.writeUInt32LE(type, 8)
  let offset = fixedBytes
  for (const [at, content] of fields) {
    fixed.writeUInt16LE(content.length, at)
    fixed.writeUInt16LE(content.length, at + 2)
    fixed.writeUInt32LE(offset, at + 4)
    offset += content.length
  }
  return Buffer.concat([fixed, ...fields.map(([, content]) => content)])
}

/** A field is described by length, capacity (ignored, as the specification says) and offset. */
function readField(message: Buffer, at: number): Buffer | undefined {
  const length = message.readUInt16LE(at)
  const offset = message.readUInt32LE(at + 4)
  if (length === 0) return Buffer.alloc(0)
  return offset + length <= message.length ? message.subarray(offset, offset + length) : undefined
}

function decodeText(bytes: Buffer, flags: number): string {
  return bytes.toString(flags & ntlmFlags.unicode ? 'utf16le' : 'latin1')
}

/** Hundreds of nanoseconds since 1601, as Windows counts them. 8 bytes, little-endian. */
export function windowsTime(date: Date): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE((BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n)
  return bytes
}
