/** `POST /api/reload` answers with how it ended, and the status keeps the last one. */
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { askAdmin, bearer, madeToken } from '../support/ask-admin.ts'
import { freePorts } from '../support/free-ports.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'

t.test('good, the same, bad, good', async (t) => {
  const backend = await startAnsweringBackend(t)
  const [httpPort = 0, port = 0, otherPort = 0] = await freePorts(3)
  const rules = (host: string, pool = 'pool01', admin = port): string =>
    rulesText({
      listeners: [`{ name: internet, address: 127.0.0.1, http: ${httpPort} }`],
      pools: { pool01: [backend, { httpPort: 9 }] },
      rules: [ruleLine('Web', host, pool)],
      top: `admin: { port: ${admin} }`,
    })
  const proxy = await startReloadingProxy(t, { rules: rules('a.example') })
  const reload = () => askAdmin(port, 'POST /api/reload', [bearer(madeToken(t, port))])
  const last = async () => (await askAdmin(port, 'GET /api/status')).json['lastReload']

  t.equal(await last(), null)
  t.match((await reload()).json, { kind: 'unchanged', revision: 1, file: proxy.file })

  await proxy.put('lyncgate.yaml', rules('b.example'))
  const good = await reload()
  t.equal(good.status, 200)
  t.same(good.json, { file: proxy.file, kind: 'reloaded', revision: 2, changes: { rules: 1 } })
  t.match(await last(), { trigger: 'command', kind: 'reloaded', at: /Z$/ })

  await proxy.put('lyncgate.yaml', rules('c.example', 'pool02'))
  const bad = await reload()
  t.equal(bad.status, 409)
  t.match(bad.json, {
    kind: 'failed',
    revision: 2,
    problems: [{ code: 'unused-pool' }, { code: 'missing-pool', line: 12, where: 'rules[0].pool' }],
    error: { code: 'reload-failed' },
  })
  t.match(await last(), { kind: 'failed', problems: [{}, { code: 'missing-pool' }] })
  t.match((await askAdmin(port, 'GET /api/status')).json, { revision: 2, ready: true })

  const drain = `POST /api/pools/pool01/servers/127.0.0.1:9/drain`
  t.equal((await askAdmin(port, drain, [bearer(madeToken(t, port))])).status, 200)
  await proxy.put('lyncgate.yaml', rules('d.example', 'pool01', otherPort))
  const moved = await reload()
  t.match(moved.json, { kind: 'reloaded', revision: 3 }, 'the answer outlives its port')
  await t.rejects(askAdmin(port, 'GET /api/status'), { code: 'ECONNREFUSED' })
  const { json } = await askAdmin(otherPort, 'GET /api/status')
  t.match(json, { adminPort: otherPort, revision: 3 })
  t.match(JSON.stringify(json), '"draining":"by-command"', 'a drain outlives a reload')
})

t.test('a server that the file drains', async (t) => {
  const backend = await startAnsweringBackend(t)
  const [httpPort = 0, port = 0] = await freePorts(2)
  const text = rulesText({
    listeners: [`{ name: internet, address: 127.0.0.1, http: ${httpPort} }`],
    pools: { pool01: [backend] },
    rules: [ruleLine('Web', 'a.example', 'pool01')],
    top: `admin: { port: ${port} }`,
  })
  const rules = text.replace(
    `https: ${backend.httpPort} }`,
    `https: ${backend.httpPort}, drain: true }`,
  )
  const proxy = await startReloadingProxy(t, { rules })
  const undrain = 'POST /api/pools/pool01/servers/127.0.0.1/undrain'
  const answer = await askAdmin(port, undrain, [bearer(madeToken(t, port))])
  t.equal(answer.status, 409)
  t.match(answer.json, { error: { code: 'drained-by-file', hint: /drain: true/ } })
  t.match(JSON.stringify((await askAdmin(port, 'GET /api/status')).json), '"draining":"by-file"')
  t.match(await proxy.line(({ msg }) => msg === 'server is drained'), { pool: 'pool01' })
})
