/** Long polls and event streams: the client sees the head, and each piece, when the server sends it. */
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const framings: readonly (readonly [string, (text: string) => string])[] = [
  ['Transfer-Encoding: chunked', (text) => `${text.length.toString(16)}\r\n${text}\r\n`],
  ['Content-Length: 100', (text) => text],
  ['Connection: close', (text) => text],
]

for (const [field, framed] of framings) {
  t.test(field, async (t) => {
    const backend = await startRecordingBackend(t, (socket) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${field}\r\n\r\n`),
    )
    const proxy = await startTestProxy(t, { servers: [backend] })
    for (const [index, version] of ['1.1', '1.0'].entries()) {
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(`GET / HTTP/${version}\r\n${HOST}\r\n\r\n`)
      t.match(await client.until((got) => got.endsWith('\r\n\r\n')), 'text/event-stream')
      const { socket } = await backend.connection(index)
      for (const event of ['data: one\n\n', 'data: two\n\n']) {
        socket.write(framed(event))
        await client.until((got) => got.includes(event))
      }
    }
  })
}
