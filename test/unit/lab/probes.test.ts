import t from 'tap'
import { startLab } from '../../../src/lab/lab.ts'
import { payloadChunks } from '../../../src/lab/payload.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'

const lab = await startLab()
t.teardown(() => lab.close())
const [fe01] = lab.pool
const connect = () => connectRaw({ port: fe01.httpPort })
const host = 'Host: lyncweb.contoso.com'

t.test('echo shows the request as it arrived, trailers included', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const head = `POST /lab/echo?a?b=%2f&<x> HTTP/1.1\r\n${host}\r\nx-A: 1\r\nX-a: 2\r\nTransfer-Encoding: chunked\r\n`
  client.send(`${head}\r\n5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n`)
  const echo: unknown = JSON.parse((await client.read()).body.toString())
  t.match(echo, {
    method: 'POST',
    target: '/lab/echo?a?b=%2f&<x>',
    httpVersion: '1.1',
    rawHeaders: ['Host', 'lyncweb.contoso.com', 'x-A', '1', 'X-a', '2'],
    rawTrailers: ['X-End', 'yes'],
    body: { bytes: 5, sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' },
  })
})

t.test('slow waits before the answer or inside it', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  t.equal((await client.request('GET /lab/slow?ms=1', [host])).body.toString(), 'late\n')
  const halves = await client.request('GET /lab/slow?ms=1&body=1', [host])
  t.equal(halves.body.toString(), 'first half, second half\n')
})

t.test('status answers with the code, the reason and a 103 as asked', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const response = await client.request('GET /lab/status?code=299&reason=Odd%20But%20True', [host])
  t.match(response, { status: 299, reason: 'Odd But True' })
  t.equal((await client.request('GET /lab/status?early=1', [host])).status, 103)
  t.equal((await client.read()).status, 200)
  t.equal((await client.request('GET /lab/status?code=1', [host])).status, 400)
})

t.test('headers come in the asked order, case and number', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const response = await client.request(
    'GET /lab/headers?h=Set-Cookie:a=1&h=x-ODD:%20two&h=Set-Cookie:%20b=2',
    [host],
  )
  const asked = response.headers.filter(([name]) => /^(set-cookie|x-odd)$/i.test(name))
  t.same(asked, [
    ['Set-Cookie', 'a=1'],
    ['x-ODD', 'two'],
    ['Set-Cookie', 'b=2'],
  ])
  t.equal(response.header('X-Lab-Server'), 'fe01')
})

t.test('trailers follow the body', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const response = await client.request('GET /lab/trailers', [host])
  t.same(response.trailers, [['X-Lab-Trailer', 'the end']])
})

t.test('raw sends any bytes at all', async (t) => {
  const client = await connect()
  const bytes = Buffer.from('HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok')
  const response = await client.request(`GET /lab/raw?base64=${bytes.toString('base64')}`, [host])
  t.match(response, { status: 200, reason: 'Fine', body: Buffer.from('ok') })
  await client.closed
})

for (const [name, query] of [
  ['a counted', ''],
  ['a chunked', '&chunked=1'],
]) {
  t.test(`cut breaks off inside ${name} body, after just so many bytes`, async (t) => {
    const client = await connect()
    const chunks: Buffer[] = []
    client.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await t.rejects(client.request(`GET /lab/cut?after=100000${query}`, [host]))
    const received = Buffer.concat(chunks)
    const [first = Buffer.alloc(0)] = payloadChunks(0, 1000)
    const last = Buffer.concat([...payloadChunks(99_000, 100_000)])
    t.ok(received.includes(first))
    t.ok(received.includes(last))
    t.equal(fe01.records.at(-1)?.outcome, 'cut')
  })
}

t.test('cut without a number breaks off before any answer', async (t) => {
  const client = await connect()
  let bytes = 0
  client.socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await t.rejects(client.request('GET /lab/cut', [host]))
  t.equal(bytes, 0)
})

t.test('there is no other probe', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  t.equal((await client.request('GET /lab/unknown', [host])).status, 404)
})
