/** `/api/events` and the files of the status page, by sockets. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { MOST_LISTENERS } from '../../src/admin/live/live-feed.ts'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { type AdminEvent, listenToEvents } from '../support/admin-events.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { askAdmin, bearer, madeToken } from '../support/ask-admin.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import { startOwnWorkers } from '../support/own-workers.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'

const TOKEN = 'an-admin-token-of-the-file-with-more-than-32-characters'

async function start(t: Test) {
  const backend = await startAnsweringBackend(t)
  const [httpPort = 0, port = 0] = await freePorts(2)
  const rules = (admin: string): string =>
    rulesText({
      listeners: [`{ name: internet, address: 127.0.0.1, http: ${httpPort} }`],
      pools: { pool01: [backend] },
      rules: [ruleLine('Web', 'lyncweb.contoso.com', 'pool01')],
      top: `admin: { port: ${port} ${admin} }`,
    })
  const proxy = await startReloadingProxy(t, {
    rules: rules(''),
    files: { 'admin.token': `${TOKEN}\n` },
  })
  chmodSync(join(proxy.directory, 'admin.token'), 0o600)
  const get = async (target: string, fields: readonly string[] = []): Promise<number> => {
    const client = await connectRaw({ port: httpPort })
    const { status } = await client.request(`GET ${target}`, [HOST, ...fields])
    client.close()
    return status
  }
  return { proxy, port, rules, get, server: `127.0.0.1:${backend.httpPort}` }
}

const exchangesOf = ({ data }: AdminEvent) =>
  (data['exchanges'] ?? []) as readonly Readonly<Record<string, unknown>>[]

t.test('whoever listens hears what there is, then what happens', async (t) => {
  const { port, get, server } = await start(t)
  t.equal(await get('/before?ticket=very-secret'), 200)
  const { response, until, events } = await listenToEvents(t, port)
  t.equal(response.statusCode, 200)
  t.match(response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  })
  const status = await until(({ name }) => name === 'status')
  t.match(status.data, { ready: true, rules: [{ name: 'Web', pool: 'pool01' }] })
  await until(({ name }) => name === 'history')
  t.same(
    events.slice(0, 3).map(({ name }) => name),
    ['status', 'history', 'exchanges'],
  )
  const before = await until((event) => exchangesOf(event).length > 0)
  t.match(exchangesOf(before), [
    { client: '127.0.0.1', target: '/before?ticket=***', rule: 'Web', server, kind: 'good' },
  ])

  t.equal(await get('/after', ['User-Agent: <b>bold</b>']), 200)
  const after = await until((event) =>
    exchangesOf(event).some((each) => each['target'] === '/after'),
  )
  t.match(exchangesOf(after).at(-1), { userAgent: '<b>bold</b>', status: 200, outcome: 'done' })
  const sample = await until(
    ({ name, data }) =>
      name === 'sample' && Number((data['point'] as { requests: number }).requests) > 0,
  )
  t.match(sample.data['rules'], [{ rule: 'Web' }, { rule: '' }])

  const drained = await askAdmin(port, `POST /api/pools/pool01/servers/${server}/drain`, [
    bearer(madeToken(t, port)),
  ])
  t.equal(drained.status, 200)
  await until(
    ({ name, data }) => name === 'status' && JSON.stringify(data).includes('"by-command"'),
  )
})

t.test('so many may listen, and one that leaves makes room', async (t) => {
  const { port } = await start(t)
  const listeners = []
  for (let n = 0; n < MOST_LISTENERS; n++) listeners.push(await listenToEvents(t, port))
  const refused = await askAdmin(port, 'GET /api/events')
  t.equal(refused.status, 503)
  t.equal(refused.json.error?.code, 'too-many-listeners')
  listeners[0]?.response.destroy()
  await listeners[0]?.ended
  for (;;) {
    const again = await listenToEvents(t, port)
    if (again.response.statusCode === 200) break
  }
  t.pass('there is room')
  const head = await connectRaw({ port })
  head.send('HEAD /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  t.equal((await head.read('HEAD')).status, 200, 'nobody listens to the end of a HEAD')
  head.close()
})

t.test('what a stream was opened without is asked for when it is needed', async (t) => {
  const { proxy, port, rules } = await start(t)
  const { until, ended } = await listenToEvents(t, port)
  t.match(await proxy.change(rules(', token: admin.token')), { kind: 'reloaded' })
  t.same((await until(({ name }) => name === 'end')).data, { reason: 'changed' })
  await ended
  t.equal((await askAdmin(port, 'GET /api/events')).status, 401)
  t.equal((await askAdmin(port, 'GET /')).status, 200, 'the page is for everybody, to ask for it')
  const again = await listenToEvents(t, port, { Authorization: `Bearer ${TOKEN}` })
  t.equal(again.response.statusCode, 200)

  await proxy.runtime.kill()
  t.same((await again.until(({ name }) => name === 'end')).data, { reason: 'stopping' })
  await again.ended
})

t.test('the page loads nothing but its own files, and no other page may use it', async (t) => {
  const { port } = await start(t)
  const page = await askAdmin(port, 'GET /')
  const csp = page.header('content-security-policy') ?? ''
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ])
    t.ok(csp.split('; ').includes(part), part)
  t.equal(page.header('cross-origin-opener-policy'), 'same-origin')
  t.equal(page.header('cache-control'), 'no-store')
  const files = [...page.body.toString().matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(
    ([, path = '']) => path,
  )
  t.ok(files.length > 4)
  for (const path of [...new Set(files), '/page/uplot.js']) {
    const file = await askAdmin(port, `GET ${path}`)
    t.equal(file.status, 200, path)
    t.equal(file.header('x-content-type-options'), 'nosniff')
    t.match(file.header('content-type'), /^(?:text\/(?:css|javascript)|image\/svg)/)
  }
  for (const path of [
    '/page/',
    '/page/tsconfig.json',
    '/page/..%2fpage-files.ts',
    '/page/%2e%2e/routes.ts',
  ])
    t.ok([400, 404].includes((await askAdmin(port, `GET ${path}`)).status), path)
  t.equal((await askAdmin(port, 'GET /', ['Host: evil.example'])).status, 421)
  t.equal((await askAdmin(port, 'GET /', ['Origin: https://evil.example'])).status, 403)
  t.equal((await askAdmin(port, 'POST /', [bearer(madeToken(t, port))])).status, 405)
})

t.test('the exchanges of all workers are one list', async (t) => {
  const [port = 0] = await freePorts(1)
  const { traffic, statusOf } = await startOwnWorkers(t, 2, `admin: { port: ${port} }`)
  const seen = new Map<number, number>()
  // The kernel chooses the worker.
  for (let asked = 1; seen.size < 2 && asked < 200; asked++) {
    t.equal(await statusOf(), 200)
    for (const { process, recent } of await traffic.look({ takesRecent: true }))
      if (recent && recent.exchanges.length > 0)
        seen.set(process, (seen.get(process) ?? 0) + recent.exchanges.length)
  }
  t.same([...seen.keys()].sort(), [1, 2])
  const unasked = await traffic.look({ takesRecent: false })
  t.same(
    unasked.map(({ recent }) => recent),
    [undefined, undefined],
  )
  const looks = await traffic.look({ takesRecent: true })
  let listed = 0
  let counted = 0
  for (const { process, recent, rules } of looks) {
    listed += (seen.get(process) ?? 0) + (recent?.exchanges.length ?? 0)
    for (const { outcomes } of rules) counted += outcomes['done'] ?? 0
  }
  t.equal(listed, counted, 'none twice, none missing')
})
