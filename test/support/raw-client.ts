/** A client that sends bytes as the test writes them and shows bytes as they come. */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Test } from 'tap'

export interface RawClient {
  readonly socket: Socket
  /** Everything received so far, latin1. */
  readonly text: string
  readonly isClosed: boolean
  send(text: string | Buffer): void
  /** Resolves when the received text fits; rejects when the connection closes before. */
  until(fits: (text: string) => boolean): Promise<string>
  /** Resolves with everything received when the connection is closed, by a reset too. */
  closed(): Promise<string>
}

export interface RawTarget {
  readonly port: number
  /** With TLS: the name to ask for and the roots to trust. */
  readonly tls?: { readonly serverName: string; readonly ca: string }
}

/** Connects, TLS handshake included. */
export async function openRawClient(t: Test, target: RawTarget): Promise<RawClient> {
  const { port, tls } = target
  const socket = tls
    ? connectTls({ port, host: '127.0.0.1', servername: tls.serverName, ca: tls.ca })
    : connectTcp({ port, host: '127.0.0.1' })
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of [...waiting]) look()
  }
  const client = {
    socket,
    text: '',
    isClosed: false,
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
  await new Promise<void>((resolve, reject) => {
    socket.once(tls ? 'secureConnect' : 'connect', resolve)
    socket.once('error', reject)
  })
  socket.on('error', () => {})
  return client
}
