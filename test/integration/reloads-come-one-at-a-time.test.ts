/** Reloads that are asked for while one runs become one more; none begins once the proxy stops. */
import t, { type Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import { HOST } from '../support/lab-proxy.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'

async function start(t: Test, times?: { pollMs: number; quietMs: number }) {
  const [port = 0] = await freePorts(1)
  const backend = await startAnsweringBackend(t)
  const rules = (name: string): string =>
    rulesText({
      listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
      pools: { pool01: [backend] },
      rules: [ruleLine(name, 'lyncweb.contoso.com', 'pool01')],
    })
  const proxy = await startReloadingProxy(t, { rules: rules('Web'), ...(times ? { times } : {}) })
  return { ...proxy, rules, port }
}

t.test('a hundred at once are two', async (t) => {
  const { put, rules, reloader, lines } = await start(t)
  await put('lyncgate.yaml', rules('Next'))
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => reloader.reload('signal')))
  t.match(outcomes[0], { kind: 'reloaded', revision: 2 })
  for (const outcome of outcomes.slice(1)) t.equal(outcome, outcomes[1])
  t.match(outcomes[1], { kind: 'unchanged', revision: 2 })
  t.same(
    lines.map(({ msg }) => msg),
    ['pool is watched', 'reloaded', 'reload: nothing has changed'],
  )
  await put('lyncgate.yaml', rules('Last'))
  t.match(await reloader.reload('signal'), { kind: 'reloaded', revision: 3 })
})

t.test('the one that follows sees what was written while the first one ran', async (t) => {
  const { put, rules, reloader } = await start(t)
  await put('lyncgate.yaml', rules('Next'))
  const first = reloader.reload('signal')
  await put('lyncgate.yaml', rules('Last'))
  const second = reloader.reload('signal')
  await Promise.all([first, second])
  t.match(await reloader.reload('signal'), { kind: 'unchanged' })
})

t.test('a file that is written many times is one change', async (t) => {
  const { put, rules, line, lines } = await start(t, { pollMs: 10_000_000, quietMs: 50 })
  for (let round = 0; round < 50; round++) await put('lyncgate.yaml', rules(`Web ${round}`))
  t.match(await line(({ msg }) => msg === 'reloaded'), { trigger: 'file', revision: 2 })
  t.equal(lines.filter(({ msg }) => msg === 'reloaded').length, 1)
})

t.test('a stop while a reload runs: nothing new is opened', async (t) => {
  const { put, rules, reloader, runtime, port, line } = await start(t)
  const [other = 0] = await freePorts(1)
  await put('lyncgate.yaml', rules('Next').replace(`http: ${port}`, `http: ${other}`))
  const reload = reloader.reload('signal')
  const stopped = runtime.stop({ unreadyMs: 0, drainMs: 0 })
  t.match(await reload, { kind: 'stopping', revision: 1 })
  await stopped
  await line(({ msg }) => msg === 'reload given up: stopping')
  for (const each of [port, other]) await t.rejects(connectRaw({ port: each }), 'closed')
  reloader.stop()
  t.match(await reloader.reload('signal'), { kind: 'stopping' })
})

t.test('a fault in a reload leaves the proxy as it is', async (t) => {
  const { runtime, reloader, put, rules, port, line } = await start(t)
  const { adopt } = runtime
  runtime.adopt = () => Promise.reject(new Error('a bug'))
  await put('lyncgate.yaml', rules('Next'))
  t.match(await reloader.reload('signal'), { kind: 'failed', revision: 1 })
  t.match(await line(({ msg }) => msg === 'reload failed'), { err: { message: 'a bug' } })
  runtime.adopt = adopt
  t.match(await reloader.reload('signal'), { kind: 'reloaded', revision: 2 })
  const client = await connectRaw({ port })
  t.equal((await client.request('GET /', [HOST])).status, 200)
  client.close()
})
