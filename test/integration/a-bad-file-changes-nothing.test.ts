/** A reload that fails leaves everything as it was and says why, with line and column. */
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { freePorts } from '../support/free-ports.ts'
import {
  type RulesParts,
  ruleLine,
  rulesText,
  startReloadingProxy,
} from '../support/reloading-proxy.ts'

async function start(t: Test) {
  const [port = 0, other = 0] = await freePorts(2)
  const parts: RulesParts = {
    listeners: [`{ name: internet, address: 127.0.0.1, http: ${port} }`],
    pools: { one: [await startAnsweringBackend(t)] },
    rules: [ruleLine('Web', 'web.example', 'one')],
  }
  const rules = rulesText(parts)
  const proxy = await startReloadingProxy(t, { rules })
  const client = await connectRaw({ port })
  t.teardown(() => client.close())
  const isServed = async (): Promise<boolean> =>
    (await client.request('GET /', ['Host: web.example'])).status === 200
  return { ...proxy, parts, rules, port, other, isServed }
}

t.test('mistakes in the file, each in a line of its own', async (t) => {
  const { change, rules, lines, isServed, file } = await start(t)
  t.ok(await isServed())
  const outcome = await change(rules.replace('publish: anything', 'publish: web-servics'))
  t.match(outcome, { kind: 'failed', revision: 1, problems: [{ severity: 'error' }] })
  const problems = lines.filter(({ level }) => level === 40)
  const lineOfRule = rules.slice(0, rules.indexOf('publish: anything')).split('\n').length
  t.match(problems, [{ file, line: lineOfRule, severity: 'error', where: 'rules[0].publish' }])
  t.match(problems, [{ column: Number, code: String, hint: String, msg: String }])
  t.match(lines.at(-1), { level: 50, msg: 'reload failed', problems: 1, revision: 1 })
  t.ok(await isServed())
  t.match(await change(rules), { kind: 'unchanged' }, 'the old file is back')
})

t.test('however many mistakes there are, the log has an end', async (t) => {
  const { change, rules, lines } = await start(t)
  const wrong = Array.from({ length: 80 }, (_, n) => `unknown${n}: 1\n`).join('')
  await change(`${rules}${wrong}`)
  t.equal(lines.filter(({ level }) => level === 40).length, 50)
  t.match(lines.at(-1), { msg: 'reload failed', problems: 80 })
})

t.test('a file that is gone, unreadable or no text', async (t) => {
  const { put, reloader, isServed } = await start(t)
  for (const text of ['', '\u0000', 'a: [', '%']) {
    await put('lyncgate.yaml', text)
    t.match(await reloader.reload('signal'), { kind: 'failed' })
  }
  await put('root.pem', 'nothing')
  t.match(await reloader.reload('signal'), { kind: 'failed' })
  t.ok(await isServed())
})

t.test('a port that is taken: nothing has changed, not even what could have been', async (t) => {
  const { change, parts, other, isServed, lines, runtime } = await start(t)
  const [third = 0] = await freePorts(1)
  const taken = createServer().listen(other, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  t.teardown(() => taken.close())
  const wanted = {
    ...parts,
    listeners: [
      `{ name: third, address: 127.0.0.1, http: ${third} }`,
      `{ name: taken, address: 127.0.0.1, http: ${other} }`,
    ],
    rules: [ruleLine('Web', 'other.example', 'one')],
  }
  t.match(await change(rulesText(wanted)), {
    kind: 'failed',
    problems: [
      {
        code: 'port-unavailable',
        where: 'listeners[1]',
        line: 4,
        message: `127.0.0.1 port ${other} is in use by another program`,
      },
    ],
  })
  t.equal(lines.at(-1)?.msg, 'reload failed')
  t.ok(await isServed())
  t.same(
    runtime.ports.map(({ name }) => name),
    ['internet'],
  )
  await t.rejects(connectRaw({ port: third }), { code: 'ECONNREFUSED' })
  await new Promise((resolve) => taken.close(resolve))
  t.match(await change(rulesText(wanted)), { kind: 'reloaded', revision: 2 })
})

t.test('a health port that is taken', async (t) => {
  const { change, parts, other, isServed, runtime } = await start(t)
  const taken = createServer().listen(other, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  t.teardown(() => taken.close())
  const top = `health: { address: 127.0.0.1, port: ${other} }`
  t.match(await change(rulesText({ ...parts, top })), { kind: 'failed' })
  t.equal(runtime.healthPort, undefined)
  t.ok(await isServed())
})

t.test('a port that the proxy itself has under another address', async (t) => {
  const { change, rules, isServed } = await start(t)
  const wider = rules.replace('address: 127.0.0.1, http:', 'address: 0.0.0.0, http:')
  t.match(await change(wider), {
    kind: 'failed',
    problems: [{ message: /is still held by the configuration in force/ }],
  })
  t.ok(await isServed())
})
