/** Real faults of servers and of the way to them. The names of the tests are rows of docs/operations.md. */
import t, { type Test } from 'tap'
import type { RawResponse } from '../../src/lab/raw-client.ts'
import {
  type CabledServer,
  type FaultProxy,
  requireNamespaces,
  startCabledServer,
  startFaultProxy,
} from '../support/fault-world.ts'
import { HOST } from '../support/lab-proxy.ts'
import { runProgram, waitUntil } from '../support/real-process.ts'
import type { LogLine } from '../support/replicas.ts'

/** A request that waits at fe01, and a cookie that leads there. */
async function pollAt(proxy: FaultProxy, name: string, ms: number) {
  let cookie = ''
  await waitUntil(`${name} is used`, async () => {
    const answer = await proxy.ask()
    if (answer.body === name) cookie = answer.cookie
    return cookie !== ''
  })
  const client = await proxy.connect()
  const poll = client.request(`GET /poll/${ms}`, [HOST, `Cookie: ${cookie}`])
  poll.catch(() => {}) // looked at later
  // The next one on another connection goes there too: the poll has been sent by then.
  const other = await proxy.connect()
  await other.request('GET /', [HOST, `Cookie: ${cookie}`])
  return { poll, cookie }
}

/** Everybody is answered, by these servers. */
async function allAnswered(t: Test, proxy: FaultProxy, names: readonly string[]): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const { status, body } = await proxy.ask()
    t.equal(status, 200)
    t.ok(names.includes(body), `answered by ${body}`)
  }
}

const inUse = async (proxy: FaultProxy, name: string): Promise<boolean> =>
  (await proxy.ask()).body === name

const ejected =
  ({ address }: CabledServer) =>
  (line: LogLine): boolean =>
    `${line['server']}`.startsWith(address)

const outcomeOf = async (proxy: FaultProxy, target: string) =>
  (await proxy.line('exchange', (line) => line['target'] === target))['outcome']

if (await requireNamespaces(t)) {
  const [fe01, fe02] = [await startCabledServer(t, 'fe01'), await startCabledServer(t, 'fe02')]
  const servers = [fe01, fe02].map(({ address }) => address)
  const proxy = await startFaultProxy(t, { servers })

  t.test('a server process is killed', async (t) => {
    const { poll } = await pollAt(proxy, 'fe01', 60_001)
    process.kill(fe01.program.pid, 'SIGKILL')
    t.match(await poll, { status: 503 })
    t.equal(await outcomeOf(proxy, '/poll/60001'), 'backend-closed-early')
    await allAnswered(t, proxy, ['fe02'])
    t.match(await proxy.line('server ejected', ejected(fe01)), { reason: /ECONNREFUSED/ })
    await fe01.start()
    await waitUntil('it is used again', () => inUse(proxy, 'fe01'))
    await proxy.line('server answers again')
  })

  t.test('a server hangs', async (t) => {
    const { poll } = await pollAt(proxy, 'fe02', 1_002)
    const { poll: longer, cookie } = await pollAt(proxy, 'fe02', 60_003)
    process.kill(fe02.program.pid, 'SIGSTOP')
    t.match(await longer, { status: 504 }, 'not before timeouts.response')
    t.match(await poll, { status: 504 })
    t.equal(await outcomeOf(proxy, '/poll/60003'), 'backend-response-timeout')
    const clients = await Promise.all(Array.from({ length: 8 }, () => proxy.connect()))
    await Promise.all(clients.map((each) => each.request('GET /', [HOST, `Cookie: ${cookie}`])))
    t.match(await proxy.line('server ejected', ejected(fe02)), { reason: /no answer|time/ })
    await allAnswered(t, proxy, ['fe01'])
    process.kill(fe02.program.pid, 'SIGCONT')
    await waitUntil('it is used again', () => inUse(proxy, 'fe02'))
  })

  t.test('a server hangs for a moment', async (t) => {
    const { poll } = await pollAt(proxy, 'fe01', 1_004)
    process.kill(fe01.program.pid, 'SIGSTOP')
    setTimeout(() => process.kill(fe01.program.pid, 'SIGCONT'), 1_500)
    t.match(await poll, { status: 200 })
    t.equal(await outcomeOf(proxy, '/poll/1004'), 'done')
  })

  t.test('the cable of a server is pulled', async (t) => {
    const { poll } = await pollAt(proxy, 'fe01', 60_005)
    await fe01.plug(false)
    t.match(await poll, { status: 504 })
    await allAnswered(t, proxy, ['fe02'])
    const untimely = (line: LogLine): boolean =>
      ejected(fe01)(line) && !/ECONNREFUSED/.test(`${line['reason']}`)
    t.match(await proxy.line('server ejected', untimely), {
      reason: /no connection within|EHOSTUNREACH/,
    })
    await fe01.plug(true)
    await waitUntil('it is used again', () => inUse(proxy, 'fe01'))
  })

  t.test('all cables are pulled', async (t) => {
    await Promise.all([fe01.plug(false), fe02.plug(false)])
    const client = await proxy.connect()
    const { status, header } = await client.request('GET /none', [HOST])
    t.equal(status, 503)
    t.ok(header('Retry-After'))
    t.equal(await outcomeOf(proxy, '/none'), 'backend-unreachable')
    await Promise.all([fe01.plug(true), fe02.plug(true)])
    await waitUntil('clients are answered', async () => (await proxy.ask()).status === 200)
  })

  t.test('packets are lost', async (t) => {
    await loseEveryTwentieth(fe01)
    t.teardown(() => fe01.run('nft', 'delete', 'table', 'inet', 'loss'))
    await allAnswered(t, proxy, ['fe01', 'fe02'])
    const { poll } = await pollAt(proxy, 'fe01', 506)
    t.match(await poll, { status: 200 })
  })

  t.test('the way to a server is slow', async (t) => {
    const { cookie } = await pollAt(proxy, 'fe01', 1)
    const link = (await linkOf(fe01)) ?? ''
    await fe01.run(
      'tc',
      ...`qdisc add dev ${link} root tbf rate 4mbit burst 8kb latency 400ms`.split(' '),
    )
    t.teardown(() => fe01.run('tc', 'qdisc', 'del', 'dev', link, 'root'))
    const client = await proxy.connect()
    let isOver = false
    const large: Promise<RawResponse> = client
      .request('GET /large', [HOST, `Cookie: ${cookie}`])
      .finally(() => {
        isOver = true
      })
    let meanwhile = 0
    while (!isOver) if ((await proxy.ask()).status === 200) meanwhile++
    t.equal((await large).body.length, 1024 * 1024)
    t.ok(meanwhile > 5, `${meanwhile} others were answered`)
  })
}

async function loseEveryTwentieth(server: CabledServer): Promise<void> {
  await server.run('nft', 'add table inet loss')
  await server.run('nft', 'add chain inet loss in { type filter hook input priority 0; }')
  await server.run('nft', 'add rule inet loss in numgen random mod 100 < 5 drop')
}

const linkOf = async ({ namespace }: CabledServer): Promise<string | undefined> => {
  const { stdout } = await runProgram({ program: 'ip', args: ['-n', namespace, '-o', 'link'] })
  return /\d+: (lgt[^@:]+)/.exec(stdout)?.[1]
}
