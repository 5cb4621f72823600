/** What a server writes into a field, its client reads: latin1 and UTF-8 alike, whoever asks and however it comes. */
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'

const REQUESTS: Readonly<Record<string, string>> = {
  GET: `GET / HTTP/1.1\r\n${HOST}\r\n`,
  HEAD: `HEAD / HTTP/1.1\r\n${HOST}\r\n`,
  POST: `POST / HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nok`,
  'GET and the end': `GET / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  'HEAD and the end': `HEAD / HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  'an old GET': `GET / HTTP/1.0\r\n${HOST}\r\n`,
}

const UTF8 = Buffer.from('äöü€').toString('latin1')
const FIELDS = [
  'X-Latin: \xe4\xff',
  `X-Utf8: ${UTF8}`,
  'Content-Disposition: attachment; filename="\xe4.txt"',
  `content-disposition: attachment; filename="${UTF8}.txt"`,
]
const HEAD = `HTTP/1.1 200 \xe4\r\nContent-Length: 2\r\n${FIELDS.join('\r\n')}\r\n`

for (const [what, request] of Object.entries(REQUESTS)) {
  for (const isSplit of [false, true]) {
    t.test(`${what}, ${isSplit ? 'the head at first' : 'all at once'}`, async (t) => {
      const isHead = request.startsWith('HEAD')
      const backend = await startRecordingBackend(t, (socket, text) => {
        if (!text.includes('\r\n\r\n')) return
        const body = isHead ? '' : 'ok'
        socket.write(`${HEAD}\r\n${isSplit ? '' : body}`, 'latin1')
      })
      const proxy = await startTestProxy(t, { servers: [backend], pool: 'affinity: none' })
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(request)
      if (isSplit && !isHead) {
        await client.until((text) => text.includes('\r\n\r\n'))
        await turn()
        const { socket } = await backend.connection(0)
        socket.write('ok')
      }
      const text = await client.until((got) => got.endsWith(isHead ? '\r\n\r\n' : '\r\n\r\nok'))
      t.equal(text.slice(0, HEAD.length), HEAD)
    })
  }
}
