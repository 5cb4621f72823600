/** `proxyProtocol: required`: the address in the PROXY header is the client's, wherever an address counts. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { ANSWER, startAnsweringBackend } from '../support/answering-backend.ts'
import { HOST } from '../support/lab-proxy.ts'
import { openProxiedClient } from '../support/proxied-client.ts'
import { startTestProxy, type TestProxyOptions } from '../support/proxy.ts'
import { proxyBinary, proxyFrame, proxyLine, proxyLocal } from '../support/proxy-header.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'

const GET = `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`
const STRANGER = { source: '198.51.100.7' }
const TRUST = 'trustedProxies: [127.0.0.1]'

/** Answers of 2 bytes over both ports, unless the test has servers of its own. */
async function start(t: Test, options: TestProxyOptions = {}, answer = ANSWER) {
  const authority = await createAuthority('Test Root')
  const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
  const backend = await startAnsweringBackend(t, answer)
  const { httpsPort } = await startAnsweringBackend(t, answer, certificate)
  const proxy = await startTestProxy(t, {
    servers: [{ httpPort: backend.httpPort, httpsPort }],
    listener: 'proxyProtocol: required',
    top: TRUST,
    authority,
    ...options,
  })
  const tls = { serverName: 'lyncweb.contoso.com', ca: proxy.ca }
  const open = (header: Buffer, over: 'http' | 'https' = 'http') =>
    openProxiedClient(
      t,
      over === 'http' ? { port: proxy.httpPort, header } : { port: proxy.httpsPort, header, tls },
    )
  return { ...proxy, backend, open }
}

const answered = (client: RawClient): Promise<string> => client.until((text) => text.endsWith('ok'))

/** What the access log and the server hear of a request whose fields are these. */
async function seen(t: Test, header: Buffer, fields = '', top = TRUST) {
  const { open, line, backend } = await start(t, { top })
  const client = await open(header)
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n${fields}\r\n`)
  await answered(client)
  const forwarded = /X-Forwarded-For: (.*)\r\n/.exec((await backend.connection(0)).text)?.[1]
  return { client: (await line(({ msg }) => msg === 'exchange')).client, forwarded }
}

for (const [name, header, client] of [
  ['version 1, IPv4', proxyLine(STRANGER), '198.51.100.7'],
  ['version 1, IPv6', proxyLine({ source: '2001:db8:0:0::7' }), '2001:db8::7'],
  ['version 2, IPv4', proxyBinary(STRANGER, { checksum: true }), '198.51.100.7'],
  ['version 2, IPv6', proxyBinary({ source: '2001:db8::7' }), '2001:db8::7'],
  ['version 2, mapped IPv4', proxyBinary({ source: '::ffff:198.51.100.7' }), '198.51.100.7'],
] as const) {
  t.test(name, async (t) => t.same(await seen(t, header), { client, forwarded: client }))
}

t.test('a client that nobody named counts by the address of the balancer', async (t) => {
  for (const header of [
    Buffer.from('PROXY UNKNOWN\r\n'),
    proxyLocal(),
    proxyFrame(0x21, 0x00, Buffer.alloc(0)),
  ])
    t.same(await seen(t, header, 'X-Forwarded-For: 203.0.113.9\r\n'), {
      client: '127.0.0.1',
      forwarded: '127.0.0.1',
    })
})

t.test('what the client itself writes is not believed', async (t) => {
  t.same(await seen(t, proxyLine(STRANGER), 'X-Forwarded-For: 203.0.113.9\r\n'), {
    client: '198.51.100.7',
    forwarded: '198.51.100.7',
  })
})

t.test('a trusted proxy behind the balancer is believed', async (t) => {
  const top = 'trustedProxies: [127.0.0.1, 198.51.100.0/24]'
  t.same(await seen(t, proxyLine(STRANGER), 'X-Forwarded-For: 203.0.113.9\r\n', top), {
    client: '203.0.113.9',
    forwarded: '203.0.113.9, 198.51.100.7',
  })
})

t.test('over TLS', async (t) => {
  const { open, line } = await start(t)
  for (const header of [proxyLine(STRANGER), proxyBinary(STRANGER)]) {
    const client = await open(header, 'https')
    client.send(GET)
    await answered(client)
  }
  t.match(await line(({ msg }) => msg === 'exchange'), { client: '198.51.100.7', tls: true })
})

t.test('a name that is refused and a handshake that fails are told with the client', async (t) => {
  const { httpsPort, ca, line } = await start(t)
  const header = proxyLine(STRANGER)
  const other = { serverName: 'other.contoso.com', ca }
  await t.rejects(openProxiedClient(t, { port: httpsPort, header, tls: other }))
  t.match(await line(({ msg }) => msg === 'server name refused'), { client: '198.51.100.7' })
  const plain = await openProxiedClient(t, { port: httpsPort, header })
  plain.send(GET)
  await plain.closed()
  t.match(await line(({ msg }) => msg === 'handshake failed'), { client: '198.51.100.7' })
})

t.test('limits count the client, by IPv4 address and IPv6 network', async (t) => {
  const { open, line } = await start(t, { top: `${TRUST}\nlimits: { connectionsPerClient: 1 }` })
  const one = await open(proxyLine(STRANGER))
  const two = await open(proxyLine({ source: '198.51.100.8' }))
  const three = await open(proxyBinary({ source: '2001:db8::1' }))
  for (const client of [one, two, three]) {
    client.send(GET)
    await answered(client)
  }
  const refused = await open(proxyBinary({ source: '2001:db8::2' }))
  await refused.closed()
  t.match(await line(({ msg }) => msg === 'connection refused: limit reached'), {
    client: '2001:db8::2',
  })
  three.socket.end()
  await three.closed()
  const again = await open(proxyBinary({ source: '2001:db8::2' }))
  again.send(GET)
  await answered(again)
})

t.test('affinity: source', async (t) => {
  const one = await startAnsweringBackend(t)
  const two = await startAnsweringBackend(t)
  const { open } = await start(t, { servers: [one, two], pool: 'affinity: source' })
  const ask = async (source: string): Promise<void> => {
    const client = await open(proxyLine({ source }))
    client.send(GET)
    await answered(client)
  }
  for (let host = 1; host <= 24; host++) await ask(`198.51.100.${host}`)
  t.ok(one.connections.length > 0 && two.connections.length > 0, 'clients are told apart')
  const before = one.connections.length
  for (let round = 0; round < 4; round++) await ask('198.51.100.1')
  t.ok([0, 4].includes(one.connections.length - before), 'and stay where they are')
})

t.test('every byte of the header may come alone, and the request with the last', async (t) => {
  const { httpPort } = await start(t)
  for (const header of [proxyLine(STRANGER), proxyBinary(STRANGER, { checksum: true })]) {
    const client = await openProxiedClient(t, { port: httpPort, header: header.subarray(0, 1) })
    client.socket.setNoDelay(true)
    for (const byte of header.subarray(1, -1)) {
      client.socket.write(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    client.send(Buffer.concat([header.subarray(-1), Buffer.from(GET)]))
    await answered(client)
    const whole = Buffer.concat([header, Buffer.from(GET + GET.slice(0, 9))])
    const pipelining = await openProxiedClient(t, { port: httpPort, header: whole })
    await answered(pipelining)
    pipelining.send(GET.slice(9))
    await pipelining.until((text) => text.split('HTTP/1.1 200').length === 3 && text.endsWith('ok'))
  }
})

t.test('a handshake in the same piece as the header, or cut anywhere', async (t) => {
  const { httpsPort, ca } = await start(t)
  for (const size of [1, 27, 60, 100_000]) {
    const port = await startCutter(t, httpsPort, { header: proxyLine(STRANGER), size })
    const client = await openRawClient(t, { port, tls: { serverName: 'lyncweb.contoso.com', ca } })
    client.send(GET)
    await answered(client)
  }
})

/** Puts the header before what a client sends, and sends it on in one piece of `size` bytes and another with the rest. */
async function startCutter(
  t: Test,
  port: number,
  { header, size }: { readonly header: Buffer; readonly size: number },
): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((client) => {
    const proxy = connect({ port, host: '127.0.0.1', noDelay: true })
    sockets.push(client, proxy)
    client.once('data', (bytes: Buffer) => {
      client.pause()
      const all = Buffer.concat([header, bytes])
      proxy.write(all.subarray(0, size), () => {
        setImmediate(() => {
          if (size < all.length) proxy.write(all.subarray(size))
          client.pipe(proxy)
        })
      })
    })
    proxy.pipe(client)
    for (const socket of [client, proxy]) socket.on('error', () => {})
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

for (const over of ['http', 'https'] as const) {
  t.test(`large bodies go both ways, ${over}`, async (t) => {
    const size = 8 * 1024 * 1024
    const body = 'x'.repeat(size)
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${body}`
    const { open, line } = await start(t, {}, answer)
    const client = await open(proxyBinary(STRANGER), over)
    client.send(`POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: ${size}\r\n\r\n${body}`)
    await client.until((text) => text.length > size)
    const { requestBytes, responseBytes, outcome } = await line(({ msg }) => msg === 'exchange')
    t.same([requestBytes, responseBytes, outcome], [size, size, 'done'])
  })
}

t.test('a client that closes its side ends its request', async (t) => {
  const { open, line } = await start(t)
  const client = await open(Buffer.concat([proxyLine(STRANGER), Buffer.from(GET)]))
  await answered(client)
  client.socket.end()
  await once(client.socket, 'close')
  t.match(await line(({ msg }) => msg === 'exchange'), { outcome: 'done' })
})
