/** A TCP relay between a client and the proxy that shows how the proxy ends a TLS connection. */
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Relay {
  readonly port: number
  /** Resolves with the types of all TLS records that the proxy sent, when it has closed. 21 is an alert. */
  readonly recordTypes: Promise<number[]>
}

/** TLS 1.2 at most, please: from 1.3 on an alert looks like data. */
export async function startRelay(t: Test, port: number): Promise<Relay> {
  const received: Buffer[] = []
  let close = (): void => {}
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  const server = createServer((client: Socket) => {
    const proxy = connect(port, '127.0.0.1')
    for (const socket of [client, proxy]) socket.on('error', () => {})
    proxy.on('data', (bytes: Buffer) => {
      received.push(bytes)
      client.write(bytes)
    })
    proxy.on('close', () => {
      client.destroy()
      close()
    })
    client.on('data', (bytes) => proxy.write(bytes))
    client.on('close', () => proxy.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    recordTypes: closed.then(() => typesOf(Buffer.concat(received))),
  }
}

function typesOf(bytes: Buffer): number[] {
  const types: number[] = []
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) {
    types.push(bytes.readUInt8(at))
  }
  return types
}
