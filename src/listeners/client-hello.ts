/**
 * The ClientHello, read before OpenSSL sees it. OpenSSL fixes the protocol version before it asks for a
 * certificate, so a name can have a profile of its own only if its connections begin with it (docs/decisions/0016).
 */
import type { Socket } from 'node:net'

/** What is looked at in a ClientHello. */
export interface ClientHello {
  /** As sent; empty: none, or bytes that are not understood. */
  readonly serverName: string
  /** It can use a certificate with an ECDSA key on P-256, the one that everybody issues. */
  readonly takesEcdsa: boolean
}

/** More than any client sends, post-quantum key shares included. */
const MAX_HELLO = 32 * 1024

/** Pieces that a ClientHello may come in: each is looked at from the start. */
const MAX_PIECES = 64

const RECORD_HEAD = 5
const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const SIGNATURE_ALGORITHMS = 13
const NOTHING: ClientHello = { serverName: '', takesEcdsa: false }

/** Reads what has come so far: RFC 8446 4.1.2 and 5.1, RFC 6066 3. Never throws, whatever the bytes are. */
export function readClientHello(bytes: Buffer): ClientHello | 'incomplete' {
  const hello = joinRecords(bytes)
  if (hello === 'incomplete') return bytes.length >= MAX_HELLO ? NOTHING : 'incomplete'
  return (hello && readBody(hello)) ?? NOTHING
}

/** The body of the handshake message, which may be spread over records. Undefined: this is no ClientHello. */
function joinRecords(bytes: Buffer): Buffer | 'incomplete' | undefined {
  const parts: Buffer[] = []
  let length = 0
  let wanted = 0
  for (let at = 0; ; ) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE) return undefined
    if (bytes.length < at + RECORD_HEAD) return 'incomplete'
    const end = at + RECORD_HEAD + bytes.readUInt16BE(at + 3)
    if (end === at + RECORD_HEAD) return undefined
    parts.push(bytes.subarray(at + RECORD_HEAD, Math.min(end, bytes.length)))
    length += Math.min(end, bytes.length) - at - RECORD_HEAD
    if (wanted === 0 && length >= 4) {
      const head = Buffer.concat(parts)
      wanted = 4 + head.readUIntBE(1, 3)
      if (head[0] !== CLIENT_HELLO || wanted > MAX_HELLO) return undefined
    }
    if (wanted > 0 && length >= wanted) return Buffer.concat(parts).subarray(4, wanted)
    if (end > bytes.length) return 'incomplete'
    at = end
  }
}

function readBody(hello: Buffer): ClientHello | undefined {
  // Version and random, then session id, cipher suites and compression methods, each with its length in front.
  let at = 2 + 32
  let suites = hello.subarray(0, 0)
  for (const size of [1, 2, 1]) {
    if (at + size > hello.length) return undefined
    const start = at + size
    at = start + hello.readUIntBE(at, size)
    if (size === 2) suites = hello.subarray(start, at)
  }
  if (at > hello.length) return undefined
  at += 2
  let serverName = ''
  let hasAlgorithm = false
  while (at + 4 <= hello.length) {
    const type = hello.readUInt16BE(at)
    const end = at + 4 + hello.readUInt16BE(at + 2)
    if (end > hello.length) return undefined
    const content = hello.subarray(at + 4, end)
    if (type === SERVER_NAME) serverName = hostNameIn(content) ?? ''
    if (type === SIGNATURE_ALGORITHMS)
      hasAlgorithm = words(content.subarray(2)).includes(ECDSA_P256)
    at = end
  }
  return { serverName, takesEcdsa: hasAlgorithm && words(suites).some(fitsEcdsa) }
}

/** ecdsa_secp256r1_sha256. Clients older than TLS 1.2 name no algorithms, and get RSA. */
const ECDSA_P256 = 0x0403

/** Any suite of TLS 1.3, or one of those of the profiles that begin with ECDHE-ECDSA. */
const fitsEcdsa = (suite: number): boolean => suite >> 8 === 0x13 || ECDHE_ECDSA.has(suite)
const ECDHE_ECDSA: ReadonlySet<number> = new Set([0xc02b, 0xc02c, 0xcca9, 0xc009, 0xc00a])

function words(bytes: Buffer): readonly number[] {
  const found: number[] = []
  for (let at = 0; at + 2 <= bytes.length; at += 2) found.push(bytes.readUInt16BE(at))
  return found
}

/** A list of one name of the kind `host_name`; OpenSSL takes no other. */
function hostNameIn(list: Buffer): string | undefined {
  if (list.length < 5 || list[2] !== 0) return undefined
  const end = 5 + list.readUInt16BE(3)
  return end === list.length ? list.toString('latin1', 5, end) : undefined
}

/**
 * Waits for it; the bytes stay on the socket for whoever reads it next. `done` is called once and not for a
 * socket that closes before.
 * @param onTimeout the ClientHello was not there in time
 */
export function awaitClientHello(
  socket: Socket,
  timeoutMs: number,
  { done, onTimeout }: { done: (hello: ClientHello) => void; onTimeout: () => void },
): void {
  let bytes = Buffer.alloc(0)
  let pieces = 0
  const release = (): void => {
    clearTimeout(timer)
    socket.off('readable', onReadable)
    socket.off('end', onEnd)
    socket.off('close', release)
  }
  const onReadable = (): void => {
    const more: Buffer | null = socket.read()
    if (more === null) return
    bytes = Buffer.concat([bytes, more])
    const hello = readClientHello(bytes)
    if (hello === 'incomplete' && ++pieces < MAX_PIECES) return
    release()
    socket.unshift(bytes)
    done(hello === 'incomplete' ? NOTHING : hello)
  }
  const onEnd = (): void => {
    release()
    socket.destroy()
  }
  const timer = setTimeout(() => {
    release()
    onTimeout()
  }, timeoutMs)
  socket.on('readable', onReadable)
  socket.on('end', onEnd)
  socket.on('close', release)
  // Bytes that came behind a PROXY header are there already, and nothing tells of them again.
  if (socket.readableLength > 0) onReadable()
}
