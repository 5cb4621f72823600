/** `proxyProtocol: required`: who may connect, what happens without a valid header, and what it may cost. */
import t, { type Test } from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import { openProxiedClient } from '../support/proxied-client.ts'
import { startTestProxy } from '../support/proxy.ts'
import { proxyBinary, proxyLine, proxyLocal } from '../support/proxy-header.ts'
import { openRawClient } from '../support/raw-client.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'

const GET = `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`
const HEADER = proxyLine({ source: '198.51.100.7' })
const NOTHING = Buffer.alloc(0)
const STRANGER = 'connection refused: not a trusted proxy'
const NAMELESS = 'connection refused: no valid PROXY header'
const FULL = 'connection refused: limit reached'

async function start(t: Test, top = '', trusted = '127.0.0.1') {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, {
    servers: [backend],
    listener: 'proxyProtocol: required',
    top: `trustedProxies: [${trusted}]\n${top}`,
  })
  const { httpPort: port, lines } = proxy
  return {
    ...proxy,
    backend,
    open: (header = HEADER, from = '127.0.0.1') => openProxiedClient(t, { port, header, from }),
    count: (wanted: string) => lines.filter(({ msg }) => msg === wanted).length,
  }
}

t.test('others than trusted proxies are closed at once, on both ports', async (t) => {
  const { httpsPort, open, count, line, backend, proxy } = await start(t)
  for (let round = 0; round < 20; round++)
    t.equal(await (await open(HEADER, '127.0.0.2')).closed(), '')
  await (
    await openProxiedClient(t, { port: httpsPort, header: HEADER, from: '127.0.0.2' })
  ).closed()
  t.equal(count(STRANGER), 2, 'one line for each port')
  t.match(await line(({ msg }) => msg === STRANGER), { peer: '127.0.0.2', unsaid: 0 })
  t.equal(proxy.openConnections, 0)
  t.equal(backend.connections.length, 0)
})

t.test('without a valid header nothing is served', async (t) => {
  for (const [bytes, reason] of [
    [Buffer.from(GET), 'not a PROXY header'],
    [Buffer.from([0x16, 0x03, 0x01]), 'not a PROXY header'],
    [Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n'), 'bad port'],
    [Buffer.alloc(120, HEADER.subarray(0, 10)), 'line too long'],
    [
      proxyBinary({ source: '1.2.3.4' }, { vectors: [[0xe0, Buffer.alloc(5_000)]] }),
      'header too long',
    ],
    [proxyBinary({ source: '1.2.3.4' }, { vectors: [[3, Buffer.alloc(4)]] }), 'wrong checksum'],
  ] as const) {
    const { open, line, backend, proxy } = await start(t)
    const client = await open(bytes)
    t.equal(await client.closed(), '')
    t.match(await line(({ msg }) => msg === NAMELESS), { peer: '127.0.0.1', reason, unsaid: 0 })
    t.equal(backend.connections.length, 0)
    t.equal(proxy.openConnections, 0)
  }
})

t.test('a flood of bad headers does not flood the log', async (t) => {
  const { open, count } = await start(t)
  for (let round = 0; round < 20; round++) await (await open(Buffer.from(GET))).closed()
  t.equal(count(NAMELESS), 1)
})

t.test('a header that is not complete in time', async (t) => {
  const { open, line, proxy } = await start(t, 'timeouts: { requestHead: 1s }')
  t.equal(await (await open(HEADER.subarray(0, -1))).closed(), '')
  t.match(await line(({ msg }) => msg === NAMELESS), { reason: 'it took too long' })
  t.equal(proxy.openConnections, 0)
})

t.test('a header that ends early', async (t) => {
  const { open, line } = await start(t)
  const client = await open(HEADER.subarray(0, -1))
  client.socket.end()
  await client.closed()
  t.match(await line(({ msg }) => msg === NAMELESS), { reason: 'it ended early' })
})

t.test('who sends nothing is closed without a word', async (t) => {
  const { open, lines } = await start(t, 'timeouts: { requestHead: 1s }')
  const before = lines.length
  const knock = await open(NOTHING)
  knock.socket.end()
  const clients = [knock, await open(NOTHING), await open(HEADER), await open(proxyLocal())]
  for (const client of clients) t.equal(await client.closed(), '')
  t.same(lines.slice(before), [])
})

t.test('a request that ends in the middle is still told', async (t) => {
  const { open, line } = await start(t, 'timeouts: { requestHead: 1s }')
  const client = await open(Buffer.concat([HEADER, Buffer.from('G')]))
  t.match(await client.closed(), /^HTTP\/1\.1 408 /)
  t.match(await line(({ msg }) => msg === 'request refused'), { client: '198.51.100.7' })
})

t.test('connections that wait for their header count', async (t) => {
  const { open, line, count, proxy } = await start(t, 'limits: { connections: 2 }')
  const one = await open(NOTHING)
  const two = await open(HEADER.subarray(0, 9))
  await (await open(NOTHING)).closed()
  t.match(await line(({ msg }) => msg === FULL), { peer: '127.0.0.1' })
  t.equal(proxy.openConnections, 2)
  one.send(Buffer.concat([HEADER, Buffer.from(GET)]))
  await one.until((text) => text.endsWith('ok'))
  t.equal(proxy.openConnections, 2, 'a connection is counted once')
  one.socket.end()
  two.socket.end()
  await Promise.all([one.closed(), two.closed()])
  const three = await open(Buffer.concat([HEADER, Buffer.from(GET)]))
  await three.until((text) => text.endsWith('ok'))
  t.equal(count(FULL), 1)
})

t.test('the proxy does not wait for a header when it ends', async (t) => {
  // Longer than a test may take.
  const { open, proxy } = await start(t, 'timeouts: { requestHead: 10m }')
  const served = await open(Buffer.concat([HEADER, Buffer.from(GET)]))
  await served.until((text) => text.endsWith('ok'))
  const waiting = await open(NOTHING)
  await proxy.stop({ unreadyMs: 0, drainMs: 600_000 })
  await Promise.all([served.closed(), waiting.closed()])
})

t.test('off: a header is no request', async (t) => {
  const { httpPort } = await startTestProxy(t, { top: 'trustedProxies: [127.0.0.1]' })
  for (const header of [HEADER, proxyLocal()]) {
    const client = await openRawClient(t, { port: httpPort })
    client.send(header)
    t.match(await client.closed(), /^HTTP\/1\.1 400 /)
  }
})

t.test('a reload switches it on and off, and connections that stand stay', async (t) => {
  const [port = 0] = await freePorts(1)
  const backend = await startAnsweringBackend(t)
  const rules = (proxyProtocol: string, trusted = '127.0.0.1'): string =>
    rulesText({
      listeners: [
        `{ name: internet, address: 127.0.0.1, http: ${port}, proxyProtocol: ${proxyProtocol} }`,
      ],
      pools: { pool01: [backend] },
      rules: [ruleLine('Web', 'lyncweb.contoso.com', 'pool01')],
      top: `trustedProxies: [${trusted}]`,
    })
  const { change, lines } = await startReloadingProxy(t, { rules: rules('off') })
  const ask = async (client: Awaited<ReturnType<typeof openRawClient>>): Promise<unknown> => {
    const answers = client.text.split('HTTP/1.1 200').length
    client.send(GET)
    await client.until((text) => text.split('HTTP/1.1 200').length > answers && text.endsWith('ok'))
    return lines.findLast(({ msg }) => msg === 'exchange')?.client
  }
  const direct = await openRawClient(t, { port })
  t.equal(await ask(direct), '127.0.0.1')

  await change(rules('required'))
  const named = await openProxiedClient(t, { port, header: HEADER })
  const waiting = await openProxiedClient(t, { port, header: HEADER.subarray(0, 10) })
  t.equal(await ask(named), '198.51.100.7')
  t.equal(await ask(direct), '127.0.0.1')

  await change(rules('required', '127.0.0.9'))
  t.equal(await (await openProxiedClient(t, { port, header: HEADER })).closed(), '')
  t.equal(await ask(named), '198.51.100.7')

  await change(rules('off'))
  waiting.send(HEADER.subarray(10))
  t.equal(await ask(waiting), '198.51.100.7', 'what was begun is finished')
  t.equal(await ask(named), '198.51.100.7')
  t.equal(await ask(await openRawClient(t, { port })), '127.0.0.1')
})

t.test('connections that end anywhere leave nothing behind', async (t) => {
  // Longer than a test may take: no time-out is to tidy up.
  const times = 'timeouts: { requestHead: 10m, handshake: 5m }'
  const { httpPort, httpsPort, proxy } = await start(t, times)
  const hello = Buffer.from('16030100c8010000c40303', 'hex')
  for (const [port, after] of [
    [httpPort, Buffer.from(GET)],
    [httpsPort, hello],
  ] as const) {
    const all = Buffer.concat([HEADER, after])
    for (let cut = 0; cut <= all.length; cut += 5) {
      for (const way of ['end', 'reset'] as const) {
        const client = await openProxiedClient(t, { port, header: all.subarray(0, cut) })
        if (way === 'end') client.socket.end()
        else client.reset()
        await client.closed()
      }
    }
  }
  while (proxy.openConnections > 0) await new Promise((resolve) => setImmediate(resolve))
  t.equal(proxy.openConnections, 0)
})
