/** "Load balancing requirements for Skype for Business": the cookie MS-WSMAN, in every response whose request had none. */
import t from 'tap'
import type { RawResponse } from '../../src/lab/raw-client.ts'
import { connectThrough, HOST, startLabProxy } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const ECHO = 'GET /lab/echo'

/** Name and value, ready for a Cookie field. */
const pairOf = (answer: RawResponse): string =>
  (answer.header('set-cookie') ?? '').split(';')[0] ?? ''

t.test('in every response whose request had none', async (t) => {
  const { connect } = await startLabProxy(t)
  for (const over of ['http', 'https'] as const) {
    const client = await connect(over)
    for (let n = 0; n < 3; n++) {
      const answer = await client.request(ECHO, [HOST, 'Cookie: other=1'])
      t.match(answer.all('set-cookie'), [/^MS-WSMAN=[A-Za-z0-9_-]{16}; path=\/$/])
    }
    const failed = await client.request('GET /lab/status?code=500', [HOST])
    t.match(failed.header('set-cookie'), /^MS-WSMAN=/, 'also with an error of the server')
  }
})

t.test('it chooses the server, over many client connections', async (t) => {
  const { connect } = await startLabProxy(t)
  const seen = new Set<string>()
  for (let n = 0; n < 6; n++) {
    const first = await (await connect('https')).request(ECHO, [HOST])
    const server = first.header('x-lab-server') ?? ''
    seen.add(server)
    for (const over of ['http', 'https', 'https'] as const) {
      const answer = await (await connect(over)).request(ECHO, [HOST, `Cookie: ${pairOf(first)}`])
      t.equal(answer.header('x-lab-server'), server)
      t.equal(answer.header('set-cookie'), undefined)
    }
  }
  t.same([...seen].sort(), ['fe01', 'fe02'])
})

t.test('each request is balanced by itself while nobody signs in', async (t) => {
  const { connect } = await startLabProxy(t)
  const client = await connect('https')
  const seen = new Set<string>()
  for (let n = 0; n < 6; n++)
    seen.add((await client.request(ECHO, [HOST])).header('x-lab-server') ?? '')
  t.equal(seen.size, 2)
})

t.test('a value that is not ours is re-issued', async (t) => {
  const { connect } = await startLabProxy(t)
  const answer = await (await connect('http')).request(ECHO, [HOST, 'Cookie: MS-WSMAN=fe01'])
  t.match(answer.header('set-cookie'), /^MS-WSMAN=[A-Za-z0-9_-]{16}; path=\/$/)
})

t.test('the value of a server is the same after a restart', async (t) => {
  const { connect, lab } = await startLabProxy(t)
  const before = await (await connect('http')).request(ECHO, [HOST])
  const again = await startTestProxy(t, { servers: lab.pool, authority: lab.authority })
  const client = await connectThrough(t, again, 'http')
  const after = await client.request(ECHO, [HOST, `Cookie: ${pairOf(before)}`])
  t.equal(after.header('x-lab-server'), before.header('x-lab-server'))
  t.equal(after.header('set-cookie'), undefined)
})

t.test('a cookie of that name by the server is replaced by ours, others stay', async (t) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write(
      'HTTP/1.1 200 OK\r\nSet-Cookie: MS-WSMAN=theirs; path=/\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n',
    ),
  )
  const proxy = await startTestProxy(t, { servers: [backend] })
  const answer = await (await connectThrough(t, proxy, 'http')).request('GET /', [HOST])
  t.match(answer.all('set-cookie'), ['a=1', 'b=2', /^MS-WSMAN=(?!theirs)/])
  t.equal(answer.all('set-cookie').length, 3)
})

for (const affinity of ['source', 'none']) {
  t.test(`affinity ${affinity} sets nothing`, async (t) => {
    const { connect } = await startLabProxy(t, { pool: `affinity: ${affinity}` })
    const seen = new Set<string>()
    for (let n = 0; n < 6; n++) {
      const answer = await (await connect('http')).request(ECHO, [HOST])
      t.equal(answer.header('set-cookie'), undefined)
      seen.add(answer.header('x-lab-server') ?? '')
    }
    t.equal(seen.size, affinity === 'source' ? 1 : 2)
  })
}
