/** `timeouts.keepAlive`: a connection on which nothing is asked ends, and only such a one. */
import t, { type Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { ANSWER, startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'
import { switching, upgradeRequest } from '../support/upgrade.ts'

const GET = `GET / HTTP/1.1\r\n${HOST}\r\n`
const REQUESTS: Readonly<Record<string, string>> = {
  'a GET': GET,
  'a POST': `POST / HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nok`,
  'a refusal': 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
}

/** Waits until a client that came later has been idle for so long. */
async function untilOthersEnd(t: Test, port: number): Promise<void> {
  for (let times = 0; times < 2; times++) {
    const client = await openRawClient(t, { port })
    client.send(GET)
    await client.closed()
  }
}

const top = 'timeouts: { keepAlive: 1s }'

t.test('it ends, and without a word', async (t) => {
  const authority = await createAuthority('Test Root')
  const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
  const { httpPort } = await startAnsweringBackend(t)
  const { httpsPort } = await startAnsweringBackend(t, ANSWER, certificate)
  const proxy = await startTestProxy(t, { servers: [{ httpPort, httpsPort }], authority, top })
  const tls = { serverName: 'lyncweb.contoso.com', ca: proxy.ca }
  const idle = Object.entries(REQUESTS).flatMap(([what, request]) =>
    [{ port: proxy.httpPort }, { port: proxy.httpsPort, tls }].map(async (target) => {
      const client = await openRawClient(t, target)
      client.send(request)
      const text = await client.closed()
      t.equal(text.split('HTTP/1.1').length, 2, `${what}: one answer and nothing behind it`)
      t.notMatch(text, /Connection: close/i)
    }),
  )
  await Promise.all(idle)
})

t.test('not while an exchange runs, and not while a tunnel stands', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text, connection) => {
    if (text.endsWith('tunnel')) socket.write('back')
    else if (text.endsWith('\r\n\r\n') && text.includes('Upgrade')) socket.write(switching())
    else if (text.endsWith('\r\n\r\n') && connection !== 0) socket.write(ANSWER)
    else if (text.split('GET ').length === 2) socket.write(ANSWER)
  })
  const { httpPort } = await startTestProxy(t, { servers: [backend], top })
  const waiting = await openRawClient(t, { port: httpPort })
  waiting.send(GET)
  await waiting.until((text) => text.endsWith('ok'))
  waiting.send(GET)
  const first = await backend.connection(0)
  await first.until((text) => text.split('GET ').length === 3)
  const tunnel = await openRawClient(t, { port: httpPort })
  tunnel.send(GET)
  await tunnel.until((text) => text.endsWith('ok'))
  tunnel.send(upgradeRequest())
  await tunnel.until((text) => text.includes('101 '))
  await untilOthersEnd(t, httpPort)
  tunnel.send('tunnel')
  await tunnel.until((text) => text.endsWith('back'))
  first.socket.write(ANSWER)
  await waiting.until((text) => text.split('200 OK').length === 3)
  await waiting.closed()
  t.equal(waiting.text.split('200 OK').length, 3, 'idle again, it ends')
})

t.test('a reload changes it for connections that stand', async (t) => {
  const [port = 0] = await freePorts(1)
  const parts = {
    listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
    pools: { one: [await startAnsweringBackend(t)] },
    rules: [ruleLine('Web', 'lyncweb.contoso.com', 'one')],
  }
  const proxy = await startReloadingProxy(t, { rules: rulesText({ ...parts, top }) })
  const long = await proxy.change(rulesText({ ...parts, top: 'timeouts: { keepAlive: 24h }' }))
  t.equal(long.kind, 'reloaded')
  const client = await openRawClient(t, { port })
  client.send(GET)
  await client.until((text) => text.endsWith('ok'))
  const short = await proxy.change(rulesText({ ...parts, top }))
  t.equal(short.kind, 'reloaded')
  t.match(await client.closed(), /^HTTP\/1\.1 200 OK\r\n.*ok$/s)
})
