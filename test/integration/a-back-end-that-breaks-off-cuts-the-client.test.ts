/** An answer that is not complete must not look complete, whatever its framing. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { startRelay } from '../support/relay.ts'

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf of it\r\n'
const BAD_CHUNK = `${CHUNKED}zz\r\n`

const ends: Readonly<Record<string, (socket: Socket) => void>> = {
  FIN: (socket) => void socket.end(),
  RST: (socket) => void socket.resetAndDestroy(),
}

for (const [how, end] of Object.entries(ends)) {
  for (const answer of [LENGTH, CHUNKED]) {
    t.test(`${how} inside ${answer.includes('chunked') ? 'chunks' : 'a length'}`, async (t) => {
      const backend = await startRecordingBackend(t, (socket) => socket.write(answer))
      const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
      const client = await openRawClient(t, { port: httpPort })
      client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
      await client.until((got) => got.includes('half of it'))
      const { socket } = await backend.connection(0)
      end(socket)
      const text = await client.closed()
      t.notMatch(text, /\r\n0\r\n/, 'no last chunk')
      t.match(await line(({ msg }) => msg === 'exchange'), {
        outcome: 'backend-broke-off',
        status: 200,
        reason: how === 'FIN' ? 'the server closed the connection' : 'ECONNRESET',
      })
    })
  }
}

t.test('a malformed chunk in mid-answer', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(BAD_CHUNK))
  const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
  t.notMatch(await client.closed(), /\r\n0\r\n/)
  t.match(await line(({ msg }) => msg === 'exchange'), { outcome: 'backend-broke-off' })
})

t.test(
  'an HTTP/1.0 client, for which only the end says where the answer ends, gets a reset',
  async (t) => {
    const backend = await startRecordingBackend(t, (socket) => socket.write(CHUNKED))
    const { httpPort } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    const broken = new Promise<NodeJS.ErrnoException>((resolve) =>
      client.socket.on('error', resolve),
    )
    client.send(`GET / HTTP/1.0\r\n${HOST}\r\n\r\n`)
    await client.until((got) => got.endsWith('half of it'))
    const { socket } = await backend.connection(0)
    socket.end()
    t.equal((await broken).code, 'ECONNRESET')
  },
)

t.test('over TLS it gets no close_notify', async (t) => {
  const authority = await createAuthority('Root')
  const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
  const answers = { whole: `${CHUNKED}0\r\n\r\n`, half: CHUNKED }
  for (const [what, answer] of Object.entries(answers)) {
    const backend = await startRecordingBackend(t, (socket) => socket.end(answer), certificate)
    const { httpsPort } = await startTestProxy(t, { servers: [backend], authority })
    const relay = await startRelay(t, httpsPort)
    const client = connectTls({
      port: relay.port,
      host: '127.0.0.1',
      servername: 'lyncweb.contoso.com',
      ca: authority.certificatePem,
      maxVersion: 'TLSv1.2',
    })
    client.on('error', () => {})
    client.resume()
    await once(client, 'secureConnect')
    client.write(`GET / HTTP/1.0\r\n${HOST}\r\n\r\n`)
    const types = await relay.recordTypes
    t.equal(types.includes(21), what === 'whole', `close_notify after the ${what} answer`)
  }
})
