/** Whoever has no business at the admin address gets nothing from it, and changes nothing. */
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { tokenPath } from '../../src/admin/token-file.ts'
import { TRIES_PER_SECOND } from '../../src/admin/wrong-tokens.ts'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { askAdmin, bearer, madeToken } from '../support/ask-admin.ts'
import { freePorts } from '../support/free-ports.ts'
import {
  type ReloadingProxy,
  ruleLine,
  rulesText,
  startReloadingProxy,
} from '../support/reloading-proxy.ts'

const WRONG = 'x'.repeat(40)
const TOKEN = 'an-admin-token-of-the-file-with-more-than-32-characters'

interface Started {
  readonly proxy: ReloadingProxy
  readonly port: number
  readonly server: string
  /** The file with another admin section. */
  rules(admin: string): string
  /** Whether the server is drained. */
  isDrained(): boolean
}

async function start(t: Test, admin = ''): Promise<Started> {
  const backend = await startAnsweringBackend(t)
  const [httpPort = 0, port = 0] = await freePorts(2)
  const rules = (more: string): string =>
    rulesText({
      listeners: [`{ name: internet, address: 127.0.0.1, http: ${httpPort} }`],
      pools: { pool01: [backend] },
      rules: [ruleLine('Web', 'lyncweb.contoso.com', 'pool01')],
      top: `admin: { port: ${port}, ${more} }`,
    })
  const files = { 'admin.token': `${TOKEN}\n`, 'other.token': `${TOKEN}-renewed\n` }
  // As the test's directory is made with the rights of everybody, the proxy begins without the token.
  const proxy = await startReloadingProxy(t, { rules: rules(''), files })
  for (const name of Object.keys(files)) chmodSync(join(proxy.directory, name), 0o600)
  if (admin !== '') t.match(await proxy.change(rules(admin)), { kind: 'reloaded' })
  const server = `/api/pools/pool01/servers/127.0.0.1:${backend.httpPort}`
  const isDrained = (): boolean => proxy.runtime.built.registry.drained.length > 0
  return { proxy, port, server, rules, isDrained }
}

t.test('actions need the token, always', async (t) => {
  const { proxy, port, server, isDrained } = await start(t)
  t.equal((await askAdmin(port, 'GET /api/status')).status, 200, 'reading is free on loopback')

  const none = await askAdmin(port, `POST ${server}/drain`)
  t.equal(none.status, 401)
  t.equal(none.json.error?.code, 'no-token')
  t.equal(none.header('www-authenticate'), 'Bearer')
  for (const field of [
    bearer(WRONG),
    'Authorization: Basic YWRtaW46YWRtaW4=',
    `Cookie: token=${madeToken(t, port)}`,
    bearer(''),
  ])
    t.equal((await askAdmin(port, `POST ${server}/drain`, [field])).status, 401, field.slice(0, 20))
  t.equal((await askAdmin(port, `POST ${server}/drain?token=${madeToken(t, port)}`)).status, 401)
  t.equal((await askAdmin(port, 'POST /api/reload')).status, 401)
  t.notOk(isDrained())
  t.equal(proxy.lines.filter(({ msg }) => msg === 'wrong admin token').length, 1)

  const done = await askAdmin(port, `POST ${server}/drain`, [bearer(madeToken(t, port))])
  t.equal(done.status, 200)
  t.ok(isDrained())
  t.notMatch(JSON.stringify(proxy.lines), madeToken(t, port), 'the token is not in the log')
  t.notMatch(JSON.stringify(proxy.lines), WRONG)
  t.match(await proxy.line(({ msg }) => msg === 'drained by command'), { peer: '127.0.0.1' })
})

t.test('a token is not to be guessed', async (t) => {
  const { port, server, isDrained } = await start(t)
  const statuses: number[] = []
  const client = async (): Promise<void> => {
    statuses.push((await askAdmin(port, `POST ${server}/drain`, [bearer(WRONG)])).status)
  }
  await Promise.all(Array.from({ length: TRIES_PER_SECOND * 3 }, client))
  t.ok(statuses.includes(429))
  t.ok(statuses.every((status) => status === 401 || status === 429))
  t.notOk(isDrained())
})

t.test('pages of strangers in an administrator’s browser reach nothing', async (t) => {
  const { port, server, isDrained } = await start(t)
  const token = bearer(madeToken(t, port))
  for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${port + 1}`]) {
    const answer = await askAdmin(port, `POST ${server}/drain`, [`Origin: ${origin}`, token])
    t.equal(answer.status, 403, origin)
    t.equal(answer.json.error?.code, 'foreign-origin')
    t.equal((await askAdmin(port, 'GET /api/status', [`Origin: ${origin}`])).status, 403)
  }
  for (const host of [
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    '',
  ]) {
    const answer = await askAdmin(port, `POST ${server}/drain`, [`Host: ${host}`, token])
    t.equal(answer.status, 421, host)
    t.notOk(answer.body.includes('contoso'))
    t.equal((await askAdmin(port, 'GET /api/status', [`Host: ${host}`])).status, 421, host)
  }
  t.notOk(isDrained())
  for (const host of ['localhost', `LOCALHOST:${port}`, '[::1]:9090', '10.0.0.1'])
    t.equal((await askAdmin(port, 'GET /api/status', [`Host: ${host}`])).status, 200, host)
  const own = [`Host: 127.0.0.1:${port}`, `Origin: http://127.0.0.1:${port}`, token]
  t.equal((await askAdmin(port, `POST ${server}/undrain`, own)).status, 200, 'a page of our own')
})

t.test('a method stands for itself', async (t) => {
  const { port, server, isDrained } = await start(t)
  const token = bearer(madeToken(t, port))
  const get = await askAdmin(port, `GET ${server}/drain`, [token])
  t.equal(get.status, 405)
  t.equal(get.header('allow'), 'POST')
  const over = ['X-HTTP-Method-Override: POST', 'X-HTTP-Method: POST', token]
  t.equal((await askAdmin(port, `GET ${server}/drain?_method=POST`, over)).status, 405)
  for (const method of ['PUT', 'DELETE', 'PATCH'])
    t.equal((await askAdmin(port, `${method} ${server}/drain`, [token])).status, 405, method)
  t.equal((await askAdmin(port, 'POST /api/status', [token])).status, 405)
  t.equal(
    (await askAdmin(port, 'PROPFIND /api/status')).status,
    401,
    'all but reading needs the token',
  )
  t.equal((await askAdmin(port, 'PROPFIND /api/status', [token])).status, 404)
  t.equal((await askAdmin(port, 'GET /api/reload')).status, 405)
  t.notOk(isDrained())
})

t.test('what nobody sends is not waited for', async (t) => {
  const { port, server, isDrained } = await start(t)
  const token = bearer(madeToken(t, port))
  const large = `Content-Length: ${10 ** 9}`
  const declared = await askAdmin(port, `POST ${server}/drain`, [token, large])
  t.equal(declared.status, 413, 'before it is sent')
  t.equal(declared.header('connection'), 'close')
  const chunked = ['Transfer-Encoding: chunked', token]
  const client = await connectRaw({ port })
  client.send(`POST ${server}/drain HTTP/1.1\r\nHost: localhost\r\n${chunked.join('\r\n')}\r\n\r\n`)
  client.send(`2000\r\n${'x'.repeat(0x2000)}\r\n`)
  t.equal((await client.read()).status, 413)
  await client.closed
  t.equal(
    (await askAdmin(port, `POST ${server}/drain`, [large])).status,
    401,
    'strangers get no further',
  )
  const head = await askAdmin(port, 'GET /api/status', [`X: ${'x'.repeat(20_000)}`]).catch(
    () => undefined,
  )
  t.ok(head === undefined || head.status >= 400)
  t.equal((await askAdmin(port, 'GET /api/pools/%zz')).status, 400)
  t.equal((await askAdmin(port, 'GET /nothing/here')).status, 404)
  t.notOk(isDrained())
})

t.test('no answer may be kept, framed or guessed at', async (t) => {
  const { port } = await start(t)
  for (const target of ['/api/status', '/metrics', '/nothing', '/%zz']) {
    const answer = await askAdmin(port, `GET ${target}`)
    t.equal(answer.header('cache-control'), 'no-store', target)
    t.equal(answer.header('x-content-type-options'), 'nosniff')
    t.match(answer.header('content-security-policy'), /default-src 'none'; frame-ancestors 'none'/)
  }
  const metrics = await askAdmin(port, 'GET /metrics', ['Accept: application/openmetrics-text'])
  t.equal(metrics.header('content-type'), 'text/plain; version=0.0.4')
  t.equal(metrics.body.toString(), '# application/openmetrics-text\n')
})

t.test('with a token in the file, reading needs it too', async (t) => {
  const { proxy, port, rules } = await start(t, 'token: admin.token')
  const ask = async (...fields: string[]): Promise<number> =>
    (await askAdmin(port, 'GET /api/status', fields)).status
  t.equal(await ask(), 401)
  t.equal((await askAdmin(port, 'GET /nothing')).status, 401, 'nor is it said what is there')
  t.equal(await ask(bearer(WRONG)), 401)
  t.equal(await ask(bearer(TOKEN)), 200)
  t.notOk(existsSync(tokenPath(proxy.directory, port)), 'no other token is left')

  t.match(await proxy.change(rules('token: other.token')), { kind: 'reloaded' })
  t.equal(await ask(bearer(TOKEN)), 401, 'a renewed token replaces the old one')
  t.equal(await ask(bearer(`${TOKEN}-renewed`)), 200)

  t.match(await proxy.change(rules('')), { kind: 'reloaded' })
  t.equal(await ask(), 200)
  t.not(madeToken(t, port), TOKEN)
})

t.test('a token that others know is none', async (t) => {
  const { proxy, rules } = await start(t)
  const put = async (text: string, mode: number) => {
    const file = join(proxy.directory, 'admin.token')
    writeFileSync(file, text)
    chmodSync(file, mode)
    const outcome = await proxy.change(rules('token: admin.token'))
    return outcome.kind === 'failed' ? outcome.problems.map(({ code, where }) => [code, where]) : []
  }
  t.same(await put(TOKEN, 0o644), [['token-for-everybody', 'admin.token']])
  t.same(await put('short', 0o600), [['weak-token', 'admin.token']])
  t.same(await put(`${TOKEN} ${TOKEN}`, 0o600), [['weak-token', 'admin.token']])
  t.same(await put('x'.repeat(5_000), 0o600), [['weak-token', 'admin.token']])
  t.same(await put(`  ${TOKEN}\n`, 0o640), [], 'a group may read it')
})

t.test('a token that was made is its owner’s, and goes with the port', async (t) => {
  const { proxy, port } = await start(t)
  const file = tokenPath(proxy.directory, port)
  t.equal(statSync(file).mode & 0o777, 0o600)
  await proxy.runtime.kill()
  t.notOk(existsSync(file))
})

t.test('over TLS, and by the names of the certificate', async (t) => {
  const { proxy, port, rules } = await start(t)
  const idle = await connectRaw({ port })
  const tls = 'token: admin.token, tls: { cert: public.pem, key: public.key }'
  t.match(await proxy.change(rules(tls)), { kind: 'reloaded' }, 'on the same port, at once')
  const trust = { ca: proxy.authority.certificatePem, serverName: 'lyncweb.contoso.com' }
  const names = [`Host: lyncweb.contoso.com:${port}`, bearer(TOKEN)]
  const answer = await askAdmin(port, 'GET /api/status', names, { tls: trust })
  t.equal(answer.status, 200)
  t.match(answer.json, {
    certificates: [{ shownTo: 'administrators', names: ['lyncweb.contoso.com'] }],
  })
  const origin = ['Origin: http://lyncweb.contoso.com', ...names]
  t.equal((await askAdmin(port, 'GET /api/status', origin, { tls: trust })).status, 403)
  const other = ['Host: other.contoso.com', bearer(TOKEN)]
  t.equal((await askAdmin(port, 'GET /api/status', other, { tls: trust })).status, 421)
  await t.rejects(askAdmin(port, 'GET /api/status', [bearer(TOKEN)]), 'no plain HTTP any more')
  idle.close()

  const renewed = await proxy.authority.issue({ names: ['admin.contoso.com'] })
  await proxy.put('public.pem', renewed.certPem)
  await proxy.put('public.key', renewed.keyPem)
  t.match(await proxy.reloader.reload('command'), { kind: 'reloaded' })
  const next = { ca: proxy.authority.certificatePem, serverName: 'admin.contoso.com' }
  const host = ['Host: admin.contoso.com', bearer(TOKEN)]
  t.equal((await askAdmin(port, 'GET /api/status', host, { tls: next })).status, 200)
})
