/** A client that sends bytes as the test writes them and shows bytes as they come. */
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Test } from 'tap'

export interface RawClient {
  readonly socket: Socket
  /** Everything received so far, latin1. */
  readonly text: string
  readonly isClosed: boolean
  send(text: string | Buffer): void
  /** Ends the TCP connection by a reset, under TLS too. */
  reset(): void
  /** Resolves when the received text fits; rejects when the connection closes before. */
  until(fits: (text: string) => boolean): Promise<string>
  /** Resolves with everything received when the connection is closed, by a reset too. */
  closed(): Promise<string>
}

export interface RawTarget {
  readonly port: number
  /** Without TLS: where the port is; default 127.0.0.1. */
  readonly address?: string
  /** With TLS: the name to ask for and the roots to trust. */
  readonly tls?: { readonly serverName: string; readonly ca: string }
}

/** Connects, TLS handshake included. */
export async function openRawClient(t: Test, target: RawTarget): Promise<RawClient> {
  const { port, tls, address = '127.0.0.1' } = target
  const relay = tls && (await startResettableRelay(t, port))
  const socket = relay
    ? connectTls({ port: relay.port, host: '127.0.0.1', servername: tls.serverName, ca: tls.ca })
    : connectTcp({ port, host: address })
  const client = watchRawClient(t, socket, relay?.reset)
  await new Promise<void>((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', resolve)
    socket.once('error', reject)
  })
  return client
}

/** A client over a socket that is there already. */
export function watchRawClient(t: Test, socket: Socket, reset?: () => void): RawClient {
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of [...waiting]) look()
  }
  const client = {
    socket,
    text: '',
    isClosed: false,
    reset: () => (reset ? reset() : void socket.resetAndDestroy()),
    send: (text: string | Buffer): void => {
      socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    },
    until: (fits: (text: string) => boolean): Promise<string> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!fits(client.text) && !client.isClosed) return
          waiting.delete(look)
          if (fits(client.text)) resolve(client.text)
          else reject(new Error(`the connection closed with: ${JSON.stringify(client.text)}`))
        }
        waiting.add(look)
        look()
      }),
    closed: (): Promise<string> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!client.isClosed) return
          waiting.delete(look)
          resolve(client.text)
        }
        waiting.add(look)
        look()
      }),
  }
  socket.on('data', (bytes) => {
    client.text += bytes.toString('latin1')
    tell()
  })
  socket.on('close', () => {
    client.isClosed = true
    tell()
  })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  return client
}

/** Node cannot reset a socket under TLS, so a relay stands in between whose socket can be reset. */
async function startResettableRelay(t: Test, port: number) {
  const sockets: Socket[] = []
  let reset = (): void => {}
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const proxy = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
    sockets.push(client, proxy)
    reset = () => void proxy.resetAndDestroy()
    for (const [from, to] of [
      [client, proxy],
      [proxy, client],
    ] as const) {
      from.pipe(to)
      from.on('error', () => {})
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    reset: () => reset(),
  }
}
