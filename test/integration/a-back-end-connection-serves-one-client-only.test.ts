/** Promise 1: no back-end connection ever carries the requests of two client connections. */
import t, { type Test } from 'tap'
import { connectThrough, HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { type RecordingBackend, startRecordingBackend } from '../support/recording-backend.ts'

/** The clients whose requests a back-end connection has seen. */
const clientsOf = (text: string): string[] => [
  ...new Set([...text.matchAll(/\r\nX-Client: (\S+)/g)].map(([, client]) => client ?? '')),
]

const taggingBackend = (t: Test): Promise<RecordingBackend> =>
  startRecordingBackend(t, (socket, _text, connection) => {
    socket.write(`HTTP/1.1 200 OK\r\nX-Connection: ${connection}\r\nContent-Length: 0\r\n\r\n`)
  })

t.test('two clients with interleaved requests', async (t) => {
  const backend = await taggingBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const clients = [await connectThrough(t, proxy, 'http'), await connectThrough(t, proxy, 'http')]
  const seen = [new Set<string>(), new Set<string>()]
  for (let round = 0; round < 10; round++) {
    for (const [index, client] of clients.entries()) {
      const answer = await client.request('GET /', [HOST, `X-Client: ${index}`])
      seen[index]?.add(answer.header('x-connection') ?? '')
    }
  }
  t.same(
    seen.map((connections) => connections.size),
    [1, 1],
    'each client stays on one connection',
  )
  t.same(
    backend.connections.map(({ text }) => clientsOf(text).length),
    [1, 1],
  )
})

t.test('200 clients that come and go', async (t) => {
  const backend = await taggingBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const comeAndGo = async (name: string): Promise<void> => {
    const client = await connectThrough(t, proxy, 'http')
    await client.request('GET /1', [HOST, `X-Client: ${name}`])
    await client.request('GET /2', [HOST, `X-Client: ${name}`])
    if (name.endsWith('0')) client.socket.resetAndDestroy()
    else client.close()
  }
  for (let wave = 0; wave < 10; wave++) {
    await Promise.all(Array.from({ length: 20 }, (_, n) => comeAndGo(`${wave}-${n}`)))
  }
  t.equal(backend.connections.length, 200)
  for (const { text } of backend.connections) t.equal(clientsOf(text).length, 1)
})

t.test('one that has gone leaves no connection behind', async (t) => {
  const backend = await taggingBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const first = await connectThrough(t, proxy, 'http')
  await first.request('GET /', [HOST, 'X-Client: first'])
  first.close()
  const left = await backend.connection(0)
  await t.rejects(
    left.until(() => false),
    'its back-end connection closes with it',
  )
  const second = await connectThrough(t, proxy, 'http')
  const answer = await second.request('GET /', [HOST, 'X-Client: second'])
  t.equal(answer.header('x-connection'), '1')
})
