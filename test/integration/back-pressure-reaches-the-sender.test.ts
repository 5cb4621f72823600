/** Nothing is stored on the way: a slow reader slows the sender down. */
import type { Socket } from 'node:net'
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { settled } from '../support/settled.ts'

const MiB = 1024 * 1024
const TOTAL = 128 * MiB
/** What the kernel's buffers of four sockets may hold at most. */
const IN_FLIGHT = 48 * MiB
const PIECE = Buffer.alloc(64 * 1024, 'x')

/** Writes as fast as the other side takes it. */
function pump(socket: Socket, total: number, framed: (piece: Buffer) => Buffer = (piece) => piece) {
  let written = 0
  const more = (): void => {
    while (written < total) {
      written += PIECE.length
      if (!socket.write(framed(PIECE))) return void socket.once('drain', more)
    }
  }
  more()
  return () => written
}

const chunk = (piece: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])

for (const framing of ['length', 'chunked']) {
  t.test(`a client that does not read: the server has to wait (${framing})`, async (t) => {
    let written = (): number => 0
    const backend = await startRecordingBackend(t, (socket) => {
      const field = framing === 'length' ? `Content-Length: ${TOTAL}` : 'Transfer-Encoding: chunked'
      socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`)
      written = pump(socket, TOTAL, framing === 'length' ? undefined : chunk)
    })
    const proxy = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.socket.removeAllListeners('data')
    client.socket.pause()
    client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
    await backend.connection(0)
    const stopped = await settled(() => written())
    t.ok(stopped > 0 && stopped < IN_FLIGHT, `stopped after ${stopped} bytes`)
    let received = 0
    const whole = new Promise<void>((resolve) => {
      client.socket.on('data', (bytes) => {
        received += bytes.length
        if (received >= TOTAL) resolve()
      })
    })
    client.socket.resume()
    await whole
  })
}

t.test('a server that does not read: the client has to wait', async (t) => {
  const backend = await startRecordingBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${TOTAL}\r\n\r\n`)
  const { socket } = await backend.connection(0)
  socket.removeAllListeners('data')
  socket.pause()
  const written = pump(client.socket, TOTAL)
  const stopped = await settled(written)
  t.ok(stopped > 0 && stopped < IN_FLIGHT, `stopped after ${stopped} bytes`)
  let received = 0
  socket.on('data', (bytes) => {
    received += bytes.length
    if (received >= TOTAL) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  socket.resume()
  await client.until((got) => got.includes('200 OK'))
})
