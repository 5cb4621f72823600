/** TLS messages made by hand, as a client could send them. */
import { connect, createServer } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

const number = (value: number, width: number): Buffer => {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, 0, width)
  return bytes
}

/** A vector with its length in so many bytes before it. */
export const vector = (width: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([number(body.length, width), body])
}

export const extension = (type: number, data: Buffer): Buffer =>
  Buffer.concat([number(type, 2), vector(2, data)])

export const serverNameExtension = (name: string): Buffer =>
  extension(0, vector(2, number(0, 1), vector(2, Buffer.from(name, 'latin1'))))

export const alpnExtension = (protocols: readonly string[]): Buffer =>
  extension(16, vector(2, ...protocols.map((each) => vector(1, Buffer.from(each, 'latin1')))))

/** The body of a ClientHello. */
export const helloBody = (...extensions: readonly Buffer[]): Buffer =>
  Buffer.concat([
    number(0x0303, 2),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 9)),
    vector(2, number(0x1301, 2), number(0xc02f, 2)),
    vector(1, number(0, 1)),
    vector(2, ...extensions),
  ])

export const message = (type: number, body: Buffer): Buffer =>
  Buffer.concat([number(type, 1), vector(3, body)])

export const record = (type: number, fragment: Buffer): Buffer =>
  Buffer.concat([number(type, 1), number(0x0301, 2), vector(2, fragment)])

/** Handshake messages in records of at most so many bytes. */
export function records(bytes: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size)
    parts.push(record(22, bytes.subarray(at, at + size)))
  return Buffer.concat(parts)
}

/** The first bytes of a real client: Node's own. */
export function realHello(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', (bytes: Buffer) => {
        resolve(bytes)
        socket.destroy()
        server.close()
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      const socket = connect(port, '127.0.0.1')
      const client = connectTls({ ...options, socket, rejectUnauthorized: false })
      client.on('error', () => {})
      socket.on('error', () => {})
    })
  })
}
