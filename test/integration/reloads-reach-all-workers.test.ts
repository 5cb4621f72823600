/** Many reloads with two workers under load: every exchange is served under one revision, and none is lost. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { HOST } from '../support/lab-proxy.ts'
import { type RunningProxy, startRunningProxy } from '../support/running-proxy.ts'

const RELOADS = 60
const CLIENTS = 6
/** The kernel deals connections out to the workers: with as few as the clients, one worker could get them all. */
const REQUESTS_OF_A_CONNECTION = 20

interface Line {
  readonly msg?: string
  readonly revision?: number
  readonly pool?: string
  readonly rule?: string
  readonly worker?: number
  readonly outcome?: string
}

const linesOf = ({ stdout }: RunningProxy): Line[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)

const poolYaml = (name: string, port: number): string =>
  `  ${name}: { product: other, servers: [{ address: 127.0.0.1, http: ${port}, https: ${port} }] }\n`

t.test('even revisions lead to one pool, odd ones to the other', async (t) => {
  const polled = await startAnsweringBackend(t, '')
  const { httpPort } = await startAnsweringBackend(t)
  const proxy = await startRunningProxy(t, httpPort, 'unready: 0s, drain: 30s', {
    top: 'workers: 2',
  })
  const odd = (await readFile(proxy.file, 'utf8')).replace(
    'rules:\n',
    `${poolYaml('other', httpPort)}${poolYaml('polled', polled.httpPort)}rules:
  - { name: Polls, publish: anything, hosts: [polls.contoso.com], pool: polled, http: forward }\n`,
  )
  const even = odd.replace('pool: pool01, http', 'pool: other, http')
  const reload = async (revision: number): Promise<void> => {
    await writeFile(`${proxy.file}.new`, revision % 2 === 0 ? even : odd)
    await rename(`${proxy.file}.new`, proxy.file)
    proxy.signal('SIGHUP')
    await proxy.until((stdout) => stdout.includes(`"revision":${revision},"changes"`))
  }
  await reload(2)

  const pollers = await Promise.all(
    Array.from({ length: CLIENTS }, () => connectRaw({ port: proxy.httpPort })),
  )
  t.teardown(() => {
    for (const client of pollers) client.close()
  })
  const polls = pollers.map((client) => client.request('GET /poll', ['Host: polls.contoso.com']))
  const arrived = () => polled.connections.filter(({ text }) => text.includes('GET /poll'))
  while (arrived().length < CLIENTS) await sleep(10)

  let isOver = false
  const ask = async (): Promise<number> => {
    let asked = 0
    while (!isOver) {
      const client = await connectRaw({ port: proxy.httpPort })
      for (let i = 0; i < REQUESTS_OF_A_CONNECTION && !isOver; i++) {
        asked++
        const { status } = await client.request('GET /', [HOST])
        if (status !== 200) throw new Error(`status ${status}`)
        await sleep(1)
      }
      client.close()
    }
    return asked
  }
  const asking = Array.from({ length: CLIENTS }, ask)
  for (let revision = 3; revision < 3 + RELOADS; revision++) await reload(revision)
  isOver = true
  const asked = (await Promise.all(asking)).reduce((sum, each) => sum + each, 0)
  for (const { socket } of arrived())
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npolled')
  for (const poll of polls) t.equal((await poll).body.toString(), 'polled', 'as old as all reloads')

  proxy.signal('SIGTERM')
  t.equal(await proxy.exited, 0)
  const served = linesOf(proxy).filter(({ msg }) => msg === 'exchange')
  const ofLoad = served.filter(({ rule }) => rule === 'Web')
  t.equal(ofLoad.length, asked, 'every request has its line, and every line is whole')
  const mixed = ofLoad.filter(
    ({ revision = 0, pool }) => pool !== (revision % 2 === 0 ? 'other' : 'pool01'),
  )
  t.same(mixed, [], 'each under one revision')
  t.same(
    served.filter(({ outcome }) => outcome !== 'done'),
    [],
  )
  t.equal(new Set(ofLoad.map(({ worker }) => worker)).size, 2, 'both workers took part')
  t.ok(new Set(ofLoad.map(({ revision }) => revision)).size > RELOADS / 2)
})
