/** Thousands of exchanges on one connection: no listener more on any socket, no warning, nothing in flight. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import t from 'tap'
import { connectThrough, HOST, startLabProxy } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const sockets: Socket[] = []
const onSocket = (message: unknown): void =>
  void sockets.push((message as { socket: Socket }).socket)
const warnings: Error[] = []
process.on('warning', (warning) => warnings.push(warning))
for (const name of ['net.client.socket', 'net.server.socket']) {
  subscribe(name, onSocket)
  t.teardown(() => unsubscribe(name, onSocket))
}

const listenerCounts = (): Record<string, number>[] =>
  sockets
    .filter((socket) => !socket.destroyed)
    .map((socket) =>
      Object.fromEntries(
        socket.eventNames().map((name) => [String(name), socket.listenerCount(name)]),
      ),
    )

t.test('requests of every kind', async (t) => {
  const { connect } = await startLabProxy(t, { pool: 'affinity: source' })
  const clients = [await connect('http'), await connect('https')]
  const round = async (): Promise<void> => {
    for (const client of clients) {
      await client.request('GET /lab/echo', [HOST])
      await client.request('POST /lab/echo', [HOST], 'body')
      await client.request('POST /lab/echo', [HOST], 'x'.repeat(200_000))
      await client.request('GET /lab/slow?ms=1&body=1', [HOST])
      await client.request('GET /lab/trailers', [HOST])
      await client.request('GET /lab/status?code=404&early=1', [HOST]).then(() => client.read())
      await client.request('GET /unknown', ['Host: elsewhere.contoso.com'])
    }
  }
  for (let n = 0; n < 3; n++) await round()
  const before = listenerCounts()
  for (let n = 0; n < 100; n++) await round()
  t.same(listenerCounts(), before)
})

t.test('2000 small exchanges on one connection', async (t) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'),
  )
  const proxy = await startTestProxy(t, { servers: [backend], top: 'log: { access: off }' })
  const client = await connectThrough(t, proxy, 'http')
  for (let n = 0; n < 10; n++) await client.request('GET /', [HOST])
  const before = listenerCounts()
  for (let n = 0; n < 2_000; n++) await client.request('GET /', [HOST])
  t.same(listenerCounts(), before)
  t.equal(backend.connections.length, 1)
})

t.test('many small chunks to a client that does not read', async (t) => {
  const chunks = '1\r\nx\r\n'.repeat(200_000)
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`),
  )
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await connectThrough(t, proxy, 'http')
  client.socket.pause()
  const answer = client.request('GET /', [HOST])
  client.socket.resume()
  t.equal((await answer).body.length, 200_000)
})

t.test('Node had nothing to warn of', async (t) => {
  t.same(warnings, [])
})
