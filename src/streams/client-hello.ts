/** What a client says in clear before anything else: the name it asks for and the protocols it offers. */
import { ByteReader } from './byte-reader.ts'

/** The type of the message. */
export const CLIENT_HELLO = 1

export interface ClientHello {
  /** Lower case, no dot at the end. Undefined: there is none, or none that can be a name. */
  readonly serverName: string | undefined
  /** ALPN, in the order of the client. Protocols are bytes; these are those bytes as Latin-1. */
  readonly protocols: readonly string[]
}

const SERVER_NAME = 0
const HOST_NAME = 0
const ALPN = 16

/** So many protocols are read; a real client offers a handful. */
const MAX_PROTOCOLS = 100

/** Reads the body of a ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2). Undefined: it is none. */
export function readClientHello(body: Buffer): ClientHello | undefined {
  const reader = new ByteReader(body)
  const version = reader.number(2)
  const random = reader.bytes(32)
  const sessionId = reader.vector(1)
  const ciphers = reader.vector(2)
  const compressions = reader.vector(1)
  if (version === undefined || !random || !sessionId || !ciphers || !compressions) return undefined
  // TLS 1.0 allows to leave the extensions out.
  if (reader.isAtEnd) return { serverName: undefined, protocols: [] }
  const extensions = reader.vector(2)
  return extensions && readExtensions(new ByteReader(extensions))
}

function readExtensions(reader: ByteReader): ClientHello | undefined {
  let serverName: string | undefined
  let protocols: readonly string[] = []
  while (!reader.isAtEnd) {
    const type = reader.number(2)
    const data = reader.vector(2)
    if (type === undefined || !data) return undefined
    if (type === SERVER_NAME) serverName = readServerName(new ByteReader(data))
    if (type === ALPN) protocols = readProtocols(new ByteReader(data))
  }
  return { serverName, protocols }
}

/** RFC 6066 3: a list, of which only the one host name has ever been used. */
function readServerName(extension: ByteReader): string | undefined {
  const list = new ByteReader(extension.vector(2) ?? EMPTY)
  const type = list.number(1)
  const name = list.vector(2)
  if (type !== HOST_NAME || !name) return undefined
  const text = name.toString('latin1').toLowerCase().replace(/\.$/, '')
  return NAME.test(text) ? text : undefined
}

const NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,126}$/

/** RFC 7301 3.1. */
function readProtocols(extension: ByteReader): readonly string[] {
  const list = new ByteReader(extension.vector(2) ?? EMPTY)
  const protocols: string[] = []
  while (!list.isAtEnd && protocols.length < MAX_PROTOCOLS) {
    const protocol = list.vector(1)
    if (!protocol) break
    protocols.push(protocol.toString('latin1'))
  }
  return protocols
}

const EMPTY = Buffer.alloc(0)
