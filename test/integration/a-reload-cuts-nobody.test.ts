/** What runs goes on under the configuration it began with; sign-ins live on as long as their server is in the pool. */
import t, { type Test } from 'tap'
import { startLab } from '../../src/lab/lab.ts'
import { connectRaw, type RawClient } from '../../src/lab/raw-client.ts'
import { signIn } from '../../src/ntlm/ntlm-client.ts'
import { ANSWER, whenClosed } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { credentialsOf, HOST } from '../support/lab-proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'
import { switching, upgradeRequest } from '../support/upgrade.ts'

const NAME = 'lyncweb.contoso.com'
const get = (target: string, ...fields: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, HOST, ...fields, '', ''].join('\r\n')
const OFFER = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n'

/** A server that answers when the test wants, and rules for any pools and ports. */
async function start(t: Test) {
  const [port = 0, other = 0] = await freePorts(2)
  const answering = (socket: { write(text: string): unknown }, text: string): void => {
    const last = text.slice(text.lastIndexOf('GET '))
    if (last.startsWith('GET /sign-in')) socket.write(OFFER)
    else if (last.startsWith('GET /quick')) socket.write(ANSWER)
    else if (last.startsWith('GET /tunnel')) socket.write(switching())
  }
  const one = await startRecordingBackend(t, answering)
  const two = await startRecordingBackend(t, answering)
  const rules = (servers: readonly { readonly httpPort: number }[], at = port, name = 'Web') =>
    rulesText({
      listeners: [`{ name: internet, address: 127.0.0.1, http: ${at} }`],
      pools: { pool01: servers },
      rules: [ruleLine(name, NAME, 'pool01')],
    })
  const proxy = await startReloadingProxy(t, { rules: rules([one]) })
  return { ...proxy, rules, one, two, port, other }
}

t.test('a long poll and a tunnel, over many reloads and the loss of server and port', async (t) => {
  const { port, other, one, two, rules, change, line } = await start(t)
  const poll = await openRawClient(t, { port })
  poll.send(get('/poll'))
  const pending = await one.connection(0)
  await pending.until((text) => text.endsWith('\r\n\r\n'))
  const tunnel = await openRawClient(t, { port })
  tunnel.send(upgradeRequest('/tunnel'))
  await tunnel.until((text) => text.endsWith('\r\n\r\n'))
  const far = await one.connection(1)

  for (let round = 0; round < 10; round++) await change(rules([one, two], port, `Web ${round}`))
  await change(rules([two], other))

  far.socket.write('hello')
  await tunnel.until((text) => text.endsWith('hello'))
  tunnel.send('back')
  await far.until((text) => text.endsWith('back'))
  pending.socket.write(ANSWER)
  t.match(await poll.closed(), /^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n[\s\S]*ok$/)
  t.match(await line(({ target }) => target === '/poll'), { revision: 1, outcome: 'done' })
  tunnel.socket.end()
  await tunnel.closed()
  t.match(await line(({ target }) => target === '/tunnel'), { revision: 1, outcome: 'done' })
})

t.test('an answer that has begun is finished on a port that is gone', async (t) => {
  const { port, other, one, rules, change } = await start(t)
  const client = await openRawClient(t, { port })
  client.send(get('/half'))
  const { socket } = await one.connection(0)
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf')
  await client.until((text) => text.endsWith('half'))
  await change(rules([one], other))
  socket.write('half')
  t.match(await client.closed(), /halfhalf$/)
})

t.test('a connection that is not signed in moves to the new servers', async (t) => {
  const { port, one, two, rules, change, line } = await start(t)
  const client = await openRawClient(t, { port })
  client.send(get('/quick/1'))
  await client.until((text) => text.endsWith('ok'))
  await change(rules([two]))
  await whenClosed(await one.connection(0))
  client.send(get('/quick/2'))
  await (await two.connection(0)).until((text) => text.includes('/quick/2'))
  t.match(await line(({ target }) => target === '/quick/2'), { revision: 2, outcome: 'done' })
})

t.test('to a server that is gone, what runs is finished and the connection ends', async (t) => {
  const { port, one, two, rules, change } = await start(t)
  const client = await openRawClient(t, { port })
  client.send(get('/poll'))
  const pending = await one.connection(0)
  await change(rules([two]))
  t.notOk(pending.isClosed)
  pending.socket.write(ANSWER)
  await client.until((text) => text.endsWith('ok'))
  await whenClosed(pending)
  t.notOk(client.isClosed)
})

t.test('a weight is not the identity of a server', async (t) => {
  const { port, one, rules, change } = await start(t)
  const client = await openRawClient(t, { port })
  client.send(get('/quick'))
  await client.until((text) => text.endsWith('ok'))
  await change(rules([one]).replace('{ address:', '{ weight: 2, address:'))
  client.send(get('/quick'))
  await (await one.connection(0)).until((text) => text.split('/quick').length === 3)
  t.equal(one.connections.length, 1)
})

t.test('a pin to a server that is gone: an idle client is sent away at once', async (t) => {
  const { port, one, two, rules, change } = await start(t)
  const client = await openRawClient(t, { port })
  client.send(get('/sign-in'))
  await client.until((text) => text.endsWith('\r\n\r\n'))
  await change(rules([one, two]))
  client.send(get('/quick'))
  await client.until((text) => text.endsWith('ok'))
  await change(rules([two]))
  await client.closed()
  t.equal(
    (await one.connection(0)).text.split('GET ').length - 1,
    2,
    'it kept its server until then',
  )
})

t.test('a pin to a server that is gone: a busy client is sent away after its answer', async (t) => {
  const { port, one, two, rules, change } = await start(t)
  const client = await openRawClient(t, { port })
  client.send(get('/poll', 'Authorization: NTLM TlRMTVNTUAABAAAA'))
  const pending = await one.connection(0)
  await change(rules([two]))
  pending.socket.write(ANSWER)
  t.match(await client.closed(), /\r\nConnection: close\r\n[\s\S]*ok$/)
})

t.test('a pin that comes about after its server has gone', async (t) => {
  const { port, one, two, rules, change } = await start(t)
  const client = await openRawClient(t, { port })
  client.send(get('/poll'))
  const pending = await one.connection(0)
  await change(rules([two]))
  pending.socket.write(OFFER)
  t.match(await client.closed(), /^HTTP\/1\.1 401 [\s\S]*\r\nConnection: close\r\n/)
})

t.test('a sign-in by NTLM lives on, over TLS and a renewed certificate', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const [port = 0] = await freePorts(1)
  const rules = (hosts: string): string => `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: ${port} }]
certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: skype-se
    tls: { ca: root.pem, serverName: pool01.contoso.local }
    servers: ${JSON.stringify(lab.pool.map(({ address, httpPort, httpsPort }) => ({ address, http: httpPort, https: httpsPort })))}
rules:
  - { name: Web, publish: web-services, hosts: ${hosts}, pool: pool01, allow: [/lab] }
`
  const { authority } = lab
  const proxy = await startReloadingProxy(t, { rules: rules(`[${NAME}]`), authority })
  const connect = async (): Promise<RawClient> => {
    const tls = { ca: authority.certificatePem, serverName: NAME }
    const client = await connectRaw({ port, tls })
    t.teardown(() => client.close())
    return client
  }
  const echo = (client: RawClient) => (authorization: string) =>
    client.request('GET /lab/echo-ntlm', [HOST, `Authorization: ${authorization}`])
  const [a, b] = [await connect(), await connect()]
  await signIn(echo(a), credentialsOf(lab, 'alice'), 'NTLM')
  await signIn(echo(b), credentialsOf(lab, 'bob'), 'Negotiate')
  for (let round = 0; round < 5; round++) {
    const renewed = await authority.issue({ names: [NAME] })
    await proxy.put('public.pem', renewed.certPem)
    await proxy.put('public.key', renewed.keyPem)
    const outcome = await proxy.change(rules(`[${NAME}, "r${round}.contoso.com"]`))
    t.match(outcome, { kind: 'reloaded', revision: round + 2 })
    const users = [a, b].map((client) => client.request('GET /lab/echo-ntlm', [HOST]))
    t.same(
      (await Promise.all(users)).map((answer) => answer.header('x-lab-user')),
      ['CONTOSO\\alice', 'CONTOSO\\bob'],
    )
  }
  const last = await proxy.line(({ msg, revision }) => msg === 'exchange' && revision === 6)
  t.match(last, { pinned: true, affinity: 'pin' })
})
