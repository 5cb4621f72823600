/** `lyncgate run` as a process: SIGHUP and a changed file reload, a bad file does not, and SIGTERM goes first. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { HOST } from '../support/lab-proxy.ts'
import { type RunningProxy, startRunningProxy } from '../support/running-proxy.ts'

async function start(t: Test) {
  const backend = await startAnsweringBackend(t)
  const proxy = await startRunningProxy(t, backend.httpPort, 'unready: 0s, drain: 30s')
  const client = await connectRaw({ port: proxy.httpPort })
  t.teardown(() => client.close())
  const statusOf = async (host: string): Promise<number> =>
    (await client.request('GET /', [host])).status
  return { proxy, statusOf }
}

async function change({ file }: RunningProxy, edit: (text: string) => string): Promise<void> {
  const text = await readFile(file, 'utf8')
  await writeFile(`${file}.new`, edit(text))
  await rename(`${file}.new`, file)
}

const lines = (proxy: RunningProxy, msg: string): Record<string, unknown>[] =>
  proxy.stdout
    .split('\n')
    .filter((line) => line.includes(`"msg":"${msg}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

t.test('SIGHUP without a change ends nothing and changes nothing', async (t) => {
  const { proxy, statusOf } = await start(t)
  proxy.signal('SIGHUP')
  await proxy.until((stdout) => stdout.includes('reload: nothing has changed'))
  t.equal(await statusOf(HOST), 200)
  proxy.signal('SIGTERM')
  t.equal(await proxy.exited, 0)
})

t.test('SIGHUP takes up what has changed', async (t) => {
  const { proxy, statusOf } = await start(t)
  t.equal(await statusOf('Host: new.example'), 421)
  await change(proxy, (text) => text.replace('hosts: [', 'hosts: [new.example, '))
  proxy.signal('SIGHUP')
  await proxy.until((stdout) => stdout.includes('"msg":"reloaded"'))
  t.match(lines(proxy, 'reloaded'), [{ level: 30, revision: 2, changes: { rules: 1 }, ms: Number }])
  t.equal(await statusOf('Host: new.example'), 200, 'on the same client connection')
  await proxy.until((stdout) => stdout.includes('"host":"new.example","target":"/","rule"'))
  t.match(lines(proxy, 'exchange').at(-1), { revision: 2 })
  proxy.signal('SIGTERM')
  t.equal(await proxy.exited, 0)
})

t.test('a changed file is noticed without a signal', async (t) => {
  const { proxy, statusOf } = await start(t)
  await change(proxy, (text) => text.replace('hosts: [', 'hosts: [new.example, '))
  await proxy.until((stdout) => stdout.includes('"msg":"reloaded"'))
  t.match(lines(proxy, 'reloaded'), [{ trigger: 'file', revision: 2 }])
  t.equal(await statusOf('Host: new.example'), 200)
})

t.test('a bad file is refused by line and column, and goes on being watched', async (t) => {
  const { proxy, statusOf } = await start(t)
  await change(proxy, (text) => text.replace('pool: pool01', 'pool: pool02'))
  proxy.signal('SIGHUP')
  await proxy.until((stdout) => stdout.includes('"msg":"reload failed"'))
  t.match(lines(proxy, 'reload failed'), [{ level: 50, revision: 1 }])
  t.match(proxy.stdout, /"level":40,[^\n]*"line":8,"column":\d+,[^\n]*pool02/)
  t.equal(await statusOf(HOST), 200)
  await change(proxy, (text) => text.replace('pool: pool02', 'pool: pool01').concat('# mended\n'))
  await proxy.until((stdout) => stdout.includes('"msg":"reloaded"'))
  t.equal(await statusOf(HOST), 200)
  t.equal(proxy.stderr, '')
})

t.test('SIGTERM right after SIGHUP ends in good order', async (t) => {
  const { proxy } = await start(t)
  await change(proxy, (text) => text.replace('hosts: [', 'hosts: [new.example, '))
  for (let n = 0; n < 10; n++) proxy.signal('SIGHUP')
  proxy.signal('SIGTERM')
  proxy.signal('SIGHUP')
  t.equal(await proxy.exited, 0)
  t.match(proxy.stdout, '"msg":"stopped"')
  t.equal(proxy.stderr, '')
})
