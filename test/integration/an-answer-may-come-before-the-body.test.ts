/** An early answer reaches the client while its body is still coming; what happens to the rest follows from the answer. */
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const POST = `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\n`
const CHUNKED = `POST / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`
const DENIED =
  'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 6\r\n\r\ndenied'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

t.test(
  'a server that keeps its connection gets the whole body, and both connections go on',
  async (t) => {
    for (const [head, rest] of [
      [`${POST}12345`, '67890'],
      [`${CHUNKED}5\r\n12345\r\n`, '5\r\n67890\r\n0\r\n\r\n'],
    ] as const) {
      const backend = await startRecordingBackend(t, (socket, text) => {
        if (text.endsWith('12345') || text.endsWith('12345\r\n')) socket.write(DENIED)
        else if (text.endsWith('/next HTTP/1.1') || text.includes('GET /next')) socket.write(OK)
      })
      const proxy = await startTestProxy(t, { servers: [backend] })
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(head)
      const text = await client.until((got) => got.endsWith('denied'))
      t.notMatch(text, /Connection: close/i)
      client.send(`${rest}GET /next HTTP/1.1\r\n${HOST}\r\n\r\n`)
      await client.until((got) => got.includes('200 OK'))
      t.match((await backend.connection(0)).text, /67890/)
      t.equal(backend.connections.length, 1)
      t.match(await proxy.line((line) => line.status === 401), {
        requestBytes: 10,
        outcome: 'done',
      })
    }
  },
)

t.test(
  'a server that closes: the client hears of it, reads the answer, and may go on sending',
  async (t) => {
    const answers = [
      'HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 7\r\n\r\ntoo big',
      'HTTP/1.1 413 Too Large\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ntoo big\r\n0\r\n\r\n',
    ]
    for (const answer of answers) {
      const backend = await startRecordingBackend(t, (socket) => socket.end(answer))
      const proxy = await startTestProxy(t, { servers: [backend] })
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 50000000\r\n\r\nbegin`)
      const text = await client.until((got) => got.includes('too big'))
      t.match(text, /\r\nConnection: close\r\n/)
      client.send(Buffer.alloc(50_000_000 - 5))
      await client.closed()
      t.match(await proxy.line((line) => line.status === 413), { outcome: 'done' })
    }
  },
)

t.test(
  'a server that closes without saying so: the answer is whole and the client connection ends',
  async (t) => {
    const backend = await startRecordingBackend(t, (socket) =>
      socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\n\r\ntoo big'),
    )
    const proxy = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(`${POST}12345`)
    await client.until((got) => got.endsWith('too big'))
    client.send('67890')
    t.match(await client.closed(), /too big$/)
    t.match(await proxy.line((line) => line.status === 413), { outcome: 'done' })
  },
)

t.test('a client that leaves after it had the answer is no failure', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(DENIED))
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`${POST}12345`)
  await client.until((got) => got.endsWith('denied'))
  client.socket.destroy()
  t.match(await proxy.line((line) => line.status === 401), { outcome: 'done' })
  await t.rejects((await backend.connection(0)).until(() => false))
})

t.test('bytes behind the end of an answer never become the next one', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged'
    socket.write(text.includes('/one') ? `${OK}${forged}` : OK)
  })
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`GET /one HTTP/1.1\r\n${HOST}\r\n\r\nGET /two HTTP/1.1\r\n${HOST}\r\n\r\n`)
  const text = await client.until((got) => got.split('200 OK').length === 3)
  t.notMatch(text, /forged/)
  t.equal(backend.connections.length, 2, 'the connection with the surplus is not used again')
  await proxy.line((line) => line.target === '/two')
})
