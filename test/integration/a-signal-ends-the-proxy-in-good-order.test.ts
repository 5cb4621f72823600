/** SIGTERM: not ready, still accepting, then closed to new clients, running exchanges finish, the rest is cut. */
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { startRunningProxy } from '../support/running-proxy.ts'
import { switching, upgradeRequest } from '../support/upgrade.ts'

const get = (target: string): string => `GET ${target} HTTP/1.1\r\n${HOST}\r\n\r\n`
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

t.test('in order', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.includes('/quick')) socket.write(OK)
  })
  const proxy = await startRunningProxy(t, backend.httpPort, 'unready: 1s, drain: 30s')
  t.equal(await proxy.readiness(), 200)
  const poll = await openRawClient(t, { port: proxy.httpPort })
  poll.send(get('/poll'))
  const pending = await backend.connection(0)
  await pending.until((text) => text.endsWith('\r\n\r\n'))
  const idle = await openRawClient(t, { port: proxy.httpPort })
  idle.send(get('/quick'))
  await idle.until((got) => got.endsWith('ok'))

  proxy.signal('SIGTERM')
  await proxy.until((stdout) => stdout.includes('draining'))
  t.equal(await proxy.readiness(), 503, 'a load balancer is told at once')
  const late = await openRawClient(t, { port: proxy.httpPort })
  late.send(get('/quick'))
  t.match(
    await late.until((got) => got.endsWith('ok')),
    /^HTTP\/1\.1 200 /,
    'and nobody is refused yet',
  )

  await idle.closed()
  await t.rejects(openRawClient(t, { port: proxy.httpPort }), { code: 'ECONNREFUSED' })
  t.notOk(poll.isClosed)
  pending.socket.write(OK)
  t.match(await poll.closed(), /\r\nConnection: close\r\n[\s\S]*ok$/, 'the long poll finishes')
  t.equal(await proxy.exited, 0)
  t.match(proxy.stdout, '"msg":"stopped"')
  t.equal(proxy.stderr, '')
})

t.test('the drain time has an end', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.includes('/half')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
    else if (text.includes('Upgrade')) socket.write(switching())
  })
  const proxy = await startRunningProxy(t, backend.httpPort, 'unready: 0s, drain: 500ms')
  const [waiting, half, tunnel] = [
    await openRawClient(t, { port: proxy.httpPort }),
    await openRawClient(t, { port: proxy.httpPort }),
    await openRawClient(t, { port: proxy.httpPort }),
  ]
  waiting.send(get('/waiting'))
  half.send(get('/half'))
  tunnel.send(upgradeRequest('/tunnel'))
  await half.until((got) => got.endsWith('half'))
  await tunnel.until((got) => got.endsWith('\r\n\r\n'))
  await backend.connection(2)
  proxy.signal('SIGTERM')
  t.match(await waiting.closed(), /^HTTP\/1\.1 503 [\s\S]*\r\nConnection: close\r\n/, 'a last word')
  t.match(await half.closed(), /half$/, 'what has begun is cut')
  await tunnel.closed()
  t.equal(await proxy.exited, 0)
  t.match(proxy.stdout, 'drain time is over')
  for (const target of ['/waiting', '/half', '/tunnel']) {
    const line = proxy.stdout.split('\n').find((text) => text.includes(`"${target}"`)) ?? '{}'
    t.match(JSON.parse(line), { outcome: 'proxy-stopping' })
  }
})

t.test('a second signal ends at once', async (t) => {
  const backend = await startRecordingBackend(t)
  for (const moment of ['unready: 10m, drain: 1h', 'unready: 0s, drain: 1h']) {
    const proxy = await startRunningProxy(t, backend.httpPort, moment)
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(get('/poll'))
    await backend.connection(backend.connections.length)
    proxy.signal('SIGTERM')
    await proxy.until((stdout) => stdout.includes('draining'))
    proxy.signal('SIGINT')
    await client.closed()
    t.equal(await proxy.exited, 0)
    t.match(proxy.stdout, '"outcome":"proxy-stopping"')
  }
})

t.test(
  'a request that was on its way when the port closed is answered, as the last one',
  async (t) => {
    const backend = await startRecordingBackend(t, (socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write(OK)
    })
    const proxy = await startRunningProxy(t, backend.httpPort, 'unready: 0s, drain: 30s')
    const idle = await openRawClient(t, { port: proxy.httpPort })
    idle.send(get('/first'))
    await idle.until((got) => got.endsWith('ok'))
    proxy.signal('SIGTERM')
    await proxy.until((stdout) => stdout.includes('draining'))
    // Until nobody listens any more: from then on the proxy has left.
    const isOpen = (): Promise<boolean> =>
      openRawClient(t, { port: proxy.httpPort }).then(
        () => true,
        () => false,
      )
    while (await isOpen());
    idle.send(get('/last'))
    const answers = (await idle.closed()).split('HTTP/1.1 ').slice(1)
    t.match(answers, [/^200 /, /^200 [\s\S]*\r\nConnection: close\r\n/])
    t.equal(await proxy.exited, 0)
  },
)
