/** A lean HTTP client on one TLS connection: one request at a time, answers with Content-Length only. */
import { connect, type TLSSocket } from 'node:tls'
import { clientTls } from '../cipher.ts'

export interface Target {
  readonly port: number
  readonly host: string
  /** PEM of the root that the proxy's certificate comes from. */
  readonly ca: string
}

export interface BenchAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
}

export interface BenchClient {
  readonly socket: TLSSocket
  /** Rejects when the connection ends before the answer is whole. */
  ask(path: string, fields?: string): Promise<BenchAnswer>
  close(): void
}

const TIMEOUT_MS = 15_000

/** Opens a connection; a session that is given is offered for resumption. */
export function openClient(target: Target, session?: Buffer): Promise<BenchClient> {
  return new Promise((resolve, reject) => {
    const { port, host, ca } = target
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: host,
      ca,
      ...clientTls,
      ...(session && { session }),
    })
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no handshake for 15 s')))
    socket.once('secureConnect', () => {
      socket.off('error', reject)
      socket.setTimeout(0)
      resolve(clientOn(socket, host))
    })
  })
}

function clientOn(socket: TLSSocket, host: string): BenchClient {
  let waiting:
    | { resolve: (answer: BenchAnswer) => void; reject: (error: Error) => void }
    | undefined
  let text = ''
  const fail = (error: Error): void => {
    waiting?.reject(error)
    waiting = undefined
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = text.slice(0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    if (text.length < end + 4 + length) return
    const answer = { status: Number(head.slice(9, 12)), head, body: text.slice(end + 4) }
    text = ''
    const { resolve } = waiting ?? {}
    waiting = undefined
    resolve?.(answer)
  })
  return {
    socket,
    ask: (path, fields = '') =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error('the connection was closed'))
        waiting = { resolve, reject }
        socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`)
      }),
    close: () => socket.destroy(),
  }
}
