import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { createAuthority } from '../../../src/lab/authority.ts'
import { startLab } from '../../../src/lab/lab.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'

const host = 'Host: lyncweb.contoso.com'

t.test('three servers, each with its own certificate and its own headers', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  t.same(
    lab.servers.map((server) => server.name),
    ['fe01.contoso.local', 'fe02.contoso.local', 'dir01.contoso.local'],
  )
  for (const server of lab.servers) {
    const tls = { ca: lab.authority.certificatePem, serverName: server.name }
    const client = await connectRaw({ port: server.httpsPort, tls })
    t.teardown(() => client.close())
    const response = await client.request('GET /lab/echo', [host])
    t.equal(response.status, 200)
    t.equal(response.header('Server'), 'Microsoft-IIS/10.0')
    t.equal(response.header('X-Powered-By'), 'ASP.NET')
    t.equal(response.header('X-MS-Server-Fqdn'), server.name)
    t.equal(`${response.header('X-Lab-Server')}.contoso.local`, server.name)
    t.equal(server.records[0]?.tlsServerName, server.name)
  }
  const [fe01, , director] = lab.servers
  const pool = { ca: lab.authority.certificatePem, serverName: 'pool01.contoso.local' }
  const byPoolName = await connectRaw({ port: fe01?.httpsPort ?? 0, tls: pool })
  byPoolName.close()
  await t.rejects(connectRaw({ port: director?.httpsPort ?? 0, tls: pool }), /pool01|altnames/i)
})

t.test('connections are numbered in the lab, requests on their connection', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const seen: string[] = []
  for (const server of lab.pool) {
    const client = await connectRaw({ port: server.httpPort })
    for (const _ of [1, 2]) {
      const response = await client.request('GET /lab/echo', [host])
      seen.push(`${response.header('X-Lab-Connection')}/${response.header('X-Lab-Request')}`)
    }
    client.close()
  }
  t.same(seen, ['1/1', '1/2', '2/1', '2/2'])
})

t.test('a record tells what arrived and how it ended', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const [fe01] = lab.pool
  const client = await connectRaw({ port: fe01.httpPort })
  await client.request('GET /lab/echo?a?b=%252f', [host, 'x-ODD: 1', 'x-odd: 2'])
  t.match(await fe01.waitFor((record) => record.outcome === 'answered'), {
    server: 'fe01',
    method: 'GET',
    target: '/lab/echo?a?b=%252f',
    rawHeaders: ['Host', 'lyncweb.contoso.com', 'x-ODD', '1', 'x-odd', '2'],
    status: 200,
    secure: false,
  })
  client.send(`GET /lab/slow?ms=600000 HTTP/1.1\r\n${host}\r\n\r\n`)
  await fe01.waitFor((record) => record.target.startsWith('/lab/slow'))
  client.close()
  const left = await fe01.waitFor((record) => record.outcome === 'client-left')
  t.equal(left.target, '/lab/slow?ms=600000')
  t.type(left.durationMs, 'number')
})

t.test('what is not HTTP is counted and gets a bare 400', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const [fe01] = lab.pool
  const client = await connectRaw({ port: fe01.httpPort })
  client.send('what?\r\n\r\n')
  t.equal((await client.read()).status, 400)
  await client.closed
  const stranger = await createAuthority('Stranger')
  const tls = { ca: stranger.certificatePem, serverName: 'fe01.contoso.local' }
  await t.rejects(
    connectRaw({ port: fe01.httpsPort, tls }),
    'a handshake that fails is not counted',
  )
  t.equal(fe01.malformedCount, 1)
})

t.test('a header of 100 KB arrives', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const client = await connectRaw({ port: lab.pool[0].httpPort })
  t.teardown(() => client.close())
  const response = await client.request('GET /lab/echo', [host, `X-Big: ${'x'.repeat(100_000)}`])
  t.equal(response.status, 200)
})

t.test(
  'close ends every connection: idle, waiting, in mid-handshake, WebSocket, SIP',
  async (t) => {
    const lab = await startLab()
    const [fe01] = lab.pool
    const waiting = await connectRaw({ port: fe01.httpPort })
    waiting.send(`GET /lab/slow?ms=600000 HTTP/1.1\r\n${host}\r\n\r\n`)
    const websocket = await connectRaw({ port: fe01.httpPort })
    await websocket.request('GET /lab/websocket', [
      host,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ])
    const idle = await connectRaw({ port: fe01.httpPort })
    const sip = await connectRaw({ port: fe01.sipPort })
    const handshake = connect({ port: fe01.httpsPort, host: '127.0.0.1' })
    await once(handshake, 'connect')
    handshake.on('error', () => {})
    const handshakeClosed = once(handshake, 'close')
    await fe01.waitFor((record) => record.target.startsWith('/lab/slow'))
    await lab.close()
    await Promise.all([waiting.closed, websocket.closed, idle.closed, sip.closed, handshakeClosed])
    const waited = fe01.records.find((record) => record.target.startsWith('/lab/slow'))
    t.equal(
      waited?.outcome,
      'cut',
      'the record knows that it was the lab that broke the connection',
    )
    t.equal(fe01.openConnections, 0)
    await lab.close()
  },
)

t.test('a stopped server refuses, and comes back on the same ports', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const [fe01] = lab.pool
  await fe01.stop()
  await t.rejects(connectRaw({ port: fe01.httpPort }), { code: 'ECONNREFUSED' })
  await fe01.start()
  const client = await connectRaw({ port: fe01.httpPort })
  t.equal((await client.request('GET /lab/echo', [host])).status, 200)
})

t.test('a fault hits the requests it is meant for', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const [fe01] = lab.pool
  const client = await connectRaw({ port: fe01.httpPort })
  fe01.fault = { status: 503, delayMs: 1, when: ({ target }) => target.path === '/lab/echo' }
  t.equal((await client.request('GET /lab/echo', [host])).status, 503)
  t.equal((await client.request('GET /lab/status', [host])).status, 200)
  fe01.fault = { instead: 'cut' }
  await t.rejects(client.request('GET /lab/status', [host]))
  t.equal(fe01.records.at(-1)?.outcome, 'cut')
  fe01.fault = undefined
  const next = await connectRaw({ port: fe01.httpPort })
  t.equal((await next.request('GET /lab/echo', [host])).status, 200)
})

t.test(
  'ports, addresses and certificates can be chosen; a taken port leaves nothing running',
  async (t) => {
    const lab = await startLab({
      servers: { fe02: { address: '127.0.0.2', certificate: { names: ['wrong.contoso.local'] } } },
    })
    t.teardown(() => lab.close())
    const [fe01, fe02] = lab.pool
    t.equal(fe02.address, '127.0.0.2')
    const tls = { ca: lab.authority.certificatePem, serverName: 'wrong.contoso.local' }
    const client = await connectRaw({ host: '127.0.0.2', port: fe02.httpsPort, tls })
    client.close()
    await t.rejects(startLab({ servers: { dir01: { https: fe01.httpsPort } } }), {
      code: 'EADDRINUSE',
    })
  },
)
