/** The metrics of a proxy in the test's own process, against what its clients and servers did. */
import { once } from 'node:events'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { renderMetrics } from '../../src/observe/metrics/render-metrics.ts'
import { monotonicNow } from '../../src/pipeline/exchange.ts'
import { LONG_POLL_MS } from '../../src/runtime/collect-metrics.ts'
import { LocalTraffic } from '../../src/runtime/local-traffic.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { ANSWER } from '../support/answering-backend.ts'
import { readExposition, samplesOf, sampleValue } from '../support/exposition.ts'
import { freePorts } from '../support/free-ports.ts'
import { connectThrough, HOST } from '../support/lab-proxy.ts'
import { sClient } from '../support/openssl.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'
import { settled } from '../support/settled.ts'
import { switching, upgradeRequest } from '../support/upgrade.ts'

const OFFER = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n'
const get = (target: string): string => `GET ${target} HTTP/1.1\r\n${HOST}\r\n\r\n`

async function read({ traffic }: Runtime, nowMs?: number) {
  if (!(traffic instanceof LocalTraffic)) throw new Error('served by other processes')
  return readExposition(await renderMetrics([traffic.collectOwn(nowMs)]))
}

const startBackend = (t: Test) =>
  startRecordingBackend(t, (socket, text) => {
    const last = text.slice(text.lastIndexOf('GET '))
    if (last.startsWith('GET /quick')) socket.write(ANSWER)
    else if (last.startsWith('GET /sign-in')) socket.write(OFFER)
    else if (last.startsWith('GET /tunnel')) socket.write(switching())
  })

t.test('what runs is read from the live objects', async (t) => {
  const backend = await startBackend(t)
  const { proxy, httpPort } = await startTestProxy(t, { servers: [backend] })
  const clients = await Promise.all([0, 1, 2, 3, 4].map(() => openRawClient(t, { port: httpPort })))
  const [waiting, signedIn, tunnel, idle, uploading] = clients
  waiting?.send(get('/poll'))
  await (await backend.connection(0)).until((text) => text.endsWith('\r\n\r\n'))
  signedIn?.send(get('/sign-in'))
  await signedIn?.until((text) => text.includes('401'))
  tunnel?.send(upgradeRequest('/tunnel'))
  await tunnel?.until((text) => text.includes('101'))
  idle?.send(get('/quick'))
  await idle?.until((text) => text.endsWith('ok'))

  const upload = `POST /poll HTTP/1.1\r\n${HOST}\r\nContent-Length: 9\r\n\r\nso far`
  uploading?.send(upload)
  await (await backend.connection(4)).until((text) => text.endsWith('so far'))

  const seen = await read(proxy)
  const rule = 'Web services'
  t.equal(sampleValue(seen, 'lyncgate_client_connections', { listener: 'internet' }), 5)
  t.equal(sampleValue(seen, 'lyncgate_handshakes_in_progress'), 0)
  t.equal(sampleValue(seen, 'lyncgate_running_exchanges', { rule }), 3)
  t.equal(sampleValue(seen, 'lyncgate_long_polls', { rule }), 0, 'not long enough yet')
  const later = await read(proxy, monotonicNow() + LONG_POLL_MS)
  t.equal(sampleValue(later, 'lyncgate_long_polls', { rule }), 1)
  t.equal(sampleValue(seen, 'lyncgate_tunnels', { rule }), 1)
  t.equal(sampleValue(seen, 'lyncgate_pins', { pool: 'pool01' }), 1)
  t.equal(sampleValue(seen, 'lyncgate_server_healthy', { pool: 'pool01' }), 1)
  t.equal(sampleValue(seen, 'lyncgate_server_connects_total', { outcome: 'connected' }), 5)
  t.equal(sampleValue(seen, 'lyncgate_configuration_revision'), 1)
  t.ok(
    sampleValue(seen, 'lyncgate_certificate_not_after_timestamp_seconds', {
      name: 'lyncweb.contoso.com',
    }) > 1.7e9,
  )
  for (const client of clients) client.socket.destroy()
  await settled(() => proxy.openConnections)
  const after = await read(proxy)
  t.equal(sampleValue(after, 'lyncgate_running_exchanges', { rule }), 0)
  t.equal(sampleValue(after, 'lyncgate_pins', { pool: 'pool01' }), 0)
  t.equal(sampleValue(after, 'lyncgate_server_in_flight', { pool: 'pool01' }), 0)
})

t.test('the counts are those of the access log', async (t) => {
  const backend = await startBackend(t)
  const { proxy, httpPort, lines } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  for (let n = 0; n < 3; n++) {
    client.send(get(`/quick/${n}`))
    await client.until((text) => text.split('\r\n\r\nok').length === n + 2)
  }
  const stranger = await openRawClient(t, { port: httpPort })
  stranger.send('GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n')
  await stranger.until((text) => text.includes('421'))
  const odd = await openRawClient(t, { port: httpPort })
  odd.send('BAD\r\n\r\n')
  await odd.until((text) => text.includes('400'))
  const leaver = await openRawClient(t, { port: httpPort })
  leaver.send(get('/poll'))
  await (await backend.connection(1)).until((text) => text.endsWith('\r\n\r\n'))
  leaver.socket.destroy()
  await settled(() => lines.length)

  const seen = await read(proxy)
  const exchanges = lines.filter(({ msg }) => msg === 'exchange')
  const shown = samplesOf(seen, 'lyncgate_exchanges_total').filter(({ value }) => value > 0)
  t.same(
    shown.map(({ labels: { rule, outcome }, value }) => `${value} ${rule} ${outcome}`).sort(),
    [...new Set(exchanges.map(({ rule = '', outcome }) => `${rule} ${outcome}`))]
      .map((kind) => {
        const own = exchanges.filter(({ rule = '', outcome }) => `${rule} ${outcome}` === kind)
        return `${own.length} ${kind}`
      })
      .sort(),
  )
  const labels = { rule: 'Web services' }
  t.equal(sampleValue(seen, 'lyncgate_response_bytes_total', labels), 3 * 'ok'.length)
  t.equal(sampleValue(seen, 'lyncgate_first_byte_seconds_count', labels), 3)
  t.equal(sampleValue(seen, 'lyncgate_connect_seconds_count', labels), 2)
  t.equal(
    sampleValue(seen, 'lyncgate_unreadable_requests_total', { outcome: 'client-malformed' }),
    1,
  )
})

t.test('a server that cannot be connected is counted', async (t) => {
  const [nobody = 0] = await freePorts(1)
  const backend = await startBackend(t)
  const servers = [backend, { httpPort: nobody, httpsPort: nobody }]
  const { proxy, httpPort } = await startTestProxy(t, { servers })
  for (let n = 0; n < 8; n++) {
    const client = await openRawClient(t, { port: httpPort })
    client.send(get('/quick'))
    await client.until((text) => text.endsWith('ok'))
  }
  const seen = await read(proxy)
  const server = `127.0.0.1:${nobody}`
  t.equal(sampleValue(seen, 'lyncgate_server_connects_total', { server, outcome: 'failed' }), 1)
  t.equal(sampleValue(seen, 'lyncgate_server_connects_total', { server, outcome: 'connected' }), 0)
  t.equal(sampleValue(seen, 'lyncgate_server_ejections_total', { server }), 1)
  t.equal(sampleValue(seen, 'lyncgate_server_ejected', { server }), 1)
})

t.test(
  'handshakes by version and outcome, resumptions, and connections over the limit',
  async (t) => {
    const { proxy, httpsPort, ca, ...rest } = await startTestProxy(t, {
      top: 'limits: { connections: 3 }',
    })
    const dial = (session?: Buffer): TLSSocket => {
      const servername = 'lyncweb.contoso.com'
      const socket = connectTls({
        port: httpsPort,
        ca,
        servername,
        ...(session ? { session } : {}),
      })
      t.teardown(() => socket.destroy())
      return socket.resume()
    }
    // With TLS 1.3 the ticket follows the handshake.
    const [ticket] = (await once(dial(), 'session')) as [Buffer]
    await once(dial(ticket), 'secureConnect')
    await sClient(httpsPort, ['-servername', 'evil.example'])
    await sClient(httpsPort, [
      '-servername',
      'lyncweb.contoso.com',
      '-tls1_1',
      '-cipher',
      'ALL:@SECLEVEL=0',
    ])
    await settled(() => proxy.openConnections)
    await connectThrough(t, { proxy, httpsPort, ca, ...rest }, 'https')
    const fourth = await openRawClient(t, { port: httpsPort })
    await fourth.closed()

    const seen = await read(proxy)
    const handshakes = (version: string, outcome: string): number =>
      sampleValue(seen, 'lyncgate_tls_handshakes_total', { version, outcome })
    t.equal(handshakes('TLSv1.3', 'done'), 3)
    t.equal(handshakes('', 'name-refused'), 1)
    t.equal(handshakes('', 'failed'), 1)
    t.equal(handshakes('', 'client-left'), 0, 'a refused name is counted once')
    t.equal(sampleValue(seen, 'lyncgate_tls_resumptions_total', { version: 'TLSv1.3' }), 1)
    t.equal(sampleValue(seen, 'lyncgate_connections_refused_total'), 1)
  },
)

t.test('a reload: what stays goes on, what is gone vanishes', async (t) => {
  const [port = 0] = await freePorts(1)
  const one = await startBackend(t)
  const two = await startBackend(t)
  const rules = (names: readonly string[], servers: readonly { httpPort: number }[], pool = '') =>
    rulesText({
      listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
      pools: { pool01: servers },
      rules: names.map((name) => ruleLine(name, `${name}.contoso.com`, 'pool01')),
    }).replace('tls: { ca: root.pem }', `tls: { ca: root.pem${pool} }`)
  const { runtime, reloader, change } = await startReloadingProxy(t, {
    rules: rules(['lyncweb', 'old'], [one, two]),
  })
  const ask = async (host: string): Promise<void> => {
    const client = await openRawClient(t, { port })
    client.send(`GET /quick HTTP/1.1\r\nHost: ${host}.contoso.com\r\n\r\n`)
    await client.until((text) => text.endsWith('ok'))
    client.socket.destroy()
  }
  for (const host of ['lyncweb', 'old', 'lyncweb', 'old']) await ask(host)
  await settled(() => runtime.openConnections)
  const server = `127.0.0.1:${one.httpPort}`
  const connected = (seen: Awaited<ReturnType<typeof read>>): number =>
    sampleValue(seen, 'lyncgate_server_connects_total', { server, outcome: 'connected' })
  const before = await read(runtime)
  t.ok(connected(before) > 0)

  // Another name to check is another trust: a new server for TLS sessions, the same one for its counters.
  await change(rules(['lyncweb', 'new'], [one], ', serverName: other.contoso.local'))
  const after = await read(runtime)
  t.equal(connected(after), connected(before))
  const done = { rule: 'lyncweb', status_class: '2xx', outcome: 'done' }
  t.equal(sampleValue(after, 'lyncgate_exchanges_total', done), 2)
  const all = [...after.values()].flatMap(({ samples }) => samples)
  t.notOk(all.some(({ labels: { rule } }) => rule === 'old'))
  t.notOk(all.some((each) => each.labels['server'] === `127.0.0.1:${two.httpPort}`))
  t.equal(sampleValue(after, 'lyncgate_running_exchanges', { rule: 'new' }), 0)
  t.equal(sampleValue(after, 'lyncgate_configuration_revision'), 2)

  await change('version: 1\nnonsense')
  const reloads = readExposition(await renderMetrics([reloader.metrics.collect()]))
  const count = (outcome: string): number =>
    sampleValue(reloads, 'lyncgate_configuration_reloads_total', { trigger: 'command', outcome })
  t.same(['reloaded', 'failed', 'unchanged'].map(count), [1, 1, 0])
  t.equal(sampleValue(reloads, 'lyncgate_configuration_last_reload_successful'), 0)
  await change(rules(['lyncweb', 'new'], [one], ', serverName: other.contoso.local'))
  const mended = readExposition(await renderMetrics([reloader.metrics.collect()]))
  t.equal(sampleValue(mended, 'lyncgate_configuration_last_reload_successful'), 1)
  t.equal(connected(await read(runtime)), connected(before), 'still')
})

t.test('what runs under a rule that is gone is counted without one', async (t) => {
  const [port = 0] = await freePorts(1)
  const backend = await startBackend(t)
  const rules = (name: string) =>
    rulesText({
      listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
      pools: { pool01: [backend] },
      rules: [ruleLine(name, 'lyncweb.contoso.com', 'pool01')],
    })
  const { runtime, change, line } = await startReloadingProxy(t, { rules: rules('old') })
  const client = await openRawClient(t, { port })
  client.send(get('/poll'))
  const far = await backend.connection(0)
  await far.until((text) => text.endsWith('\r\n\r\n'))
  await change(rules('new'))
  t.equal(sampleValue(await read(runtime), 'lyncgate_running_exchanges', { rule: '' }), 1)
  far.socket.write(ANSWER)
  await line(({ rule }) => rule === 'old')
  const seen = await read(runtime)
  const done = { rule: '', status_class: '2xx', outcome: 'done' }
  t.equal(sampleValue(seen, 'lyncgate_exchanges_total', done), 1)
  t.notOk(
    [...seen.values()].some(({ samples }) => samples.some((each) => each.labels['rule'] === 'old')),
  )
})
