import { createHash } from 'node:crypto'
import t from 'tap'
import { startLab } from '../../../src/lab/lab.ts'
import { payloadSha256 } from '../../../src/lab/payload.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'

const lab = await startLab()
t.teardown(() => lab.close())
const [fe01] = lab.pool
const tls = { ca: lab.authority.certificatePem, serverName: 'fe01.contoso.local' }
const connect = () => connectRaw({ port: fe01.httpsPort, tls })
const host = 'Host: lyncweb.contoso.com'
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex')
const expecting = (path: string, bytes: number) =>
  `POST /DataCollabWeb/${path} HTTP/1.1\r\n${host}\r\nExpect: 100-continue\r\nContent-Length: ${bytes}\r\n\r\n`

t.test('an upload is counted and digested', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const body = Buffer.alloc(300_000, 'upload')
  const response = await client.request('PUT /DataCollabWeb/upload', [host], body)
  t.same(JSON.parse(response.body.toString()), { bytes: body.length, sha256: sha256(body) })
  t.equal((await client.request('GET /DataCollabWeb/upload', [host])).status, 405)
})

t.test('an expected 100 comes before the body', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  client.send(expecting('upload', 5))
  t.equal((await client.read()).status, 100)
  client.send('hello')
  t.match(JSON.parse((await client.read()).body.toString()), { bytes: 5 })
})

t.test('a refusal comes instead of the 100, and ends the connection', async (t) => {
  const client = await connect()
  client.send(expecting('upload/refuse', 1_000_000_000))
  t.equal((await client.read()).status, 413)
  await client.closed
})

t.test('an early 401 leaves the connection usable', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  client.send(
    `POST /DataCollabWeb/upload/challenge HTTP/1.1\r\n${host}\r\nContent-Length: 200000\r\n\r\n`,
  )
  t.equal((await client.read()).status, 401, 'before the body')
  client.send(Buffer.alloc(200_000, 1))
  t.equal((await client.request('GET /lab/echo', [host])).status, 200)
})

t.test('a download has the asked length, chunked or counted', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const chunked = await client.request('GET /DataCollabWeb/download?bytes=200001', [host])
  t.equal(chunked.header('Transfer-Encoding'), 'chunked')
  t.equal(sha256(chunked.body), payloadSha256(0, 200_001))
  const counted = await client.request('GET /DataCollabWeb/download?bytes=200001&length=1', [host])
  t.equal(counted.header('Content-Length'), '200001')
  t.ok(counted.body.equals(chunked.body))
  t.equal((await client.request('GET /DataCollabWeb/download?bytes=-1', [host])).status, 400)
})

t.test('a download waits for its reader and notices when it leaves', async (t) => {
  const client = await connect()
  client.socket.pause()
  client.send(`GET /DataCollabWeb/download?bytes=100000000000 HTTP/1.1\r\n${host}\r\n\r\n`)
  const left = fe01.waitFor(
    (record) => record.outcome === 'client-left' && record.target.includes('bytes=100000000000'),
  )
  await fe01.waitFor((record) => record.target.includes('bytes=100000000000'))
  client.close()
  t.equal((await left).status, 200)
})
