/**
 * A TLS 1.2 ClientHello that old and new servers answer with their certificate in the clear.
 *
 * A preflight reads what is presented and leaves; it never completes a handshake. Written out by hand because OpenSSL
 * ends a handshake with weak keys, old hashes or a demand for a client certificate before it shows the certificate.
 */

/** From today's suites down to what Windows Server 2003 knows: reading a certificate needs no strength. */
const cipherSuites = [
  0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8, 0xcca9, 0xc027, 0xc028, 0xc013, 0xc014, 0xc023, 0xc024,
  0xc009, 0xc00a, 0x009e, 0x009f, 0x0067, 0x006b, 0x0033, 0x0039, 0x009c, 0x009d, 0x003c, 0x003d,
  0x002f, 0x0035, 0x000a, 0x0005, 0x0004, 0x00ff,
]

/** x25519, P-256, P-384, P-521. */
const groups = [0x001d, 0x0017, 0x0018, 0x0019]

/** ECDSA, RSA-PSS and RSA with SHA-2, then with SHA-1. */
const signatureAlgorithms = [
  0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201,
]

/**
 * The record to send (RFC 5246 7.4.1.2).
 * @param serverName an ASCII DNS name for SNI (RFC 6066 3); undefined: no such extension
 * @param random 32 bytes
 */
export function writeClientHello(serverName: string | undefined, random: Uint8Array): Buffer {
  const extensions = [
    ...(serverName === undefined ? [] : [extension(0, vector(2, sniEntry(serverName)))]),
    extension(10, vector(2, numbers(groups))),
    extension(11, vector(1, Buffer.from([0]))),
    extension(13, vector(2, numbers(signatureAlgorithms))),
    extension(23, Buffer.alloc(0)),
  ]
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    random,
    Buffer.from([0]),
    vector(2, numbers(cipherSuites)),
    Buffer.from([1, 0]),
    vector(2, Buffer.concat(extensions)),
  ])
  const handshake = Buffer.concat([Buffer.from([1]), vector(3, body)])
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(2, handshake)])
}

const sniEntry = (name: string): Buffer =>
  Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name, 'latin1'))])

const extension = (type: number, body: Buffer): Buffer =>
  Buffer.concat([numbers([type]), vector(2, body)])

const numbers = (values: readonly number[]): Buffer =>
  Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]))

/** Bytes with their length before them. */
function vector(lengthBytes: number, bytes: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes)
  length.writeUIntBE(bytes.length, 0, lengthBytes)
  return Buffer.concat([length, bytes])
}
