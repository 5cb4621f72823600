/**
 * Reload after reload under load. The file alternates between two configurations that differ in rule, pool, server,
 * certificate and listeners: an exchange that mixed two revisions would show in its access line.
 * LYNCGATE_RELOADS sets how many; 5000 take some minutes.
 */
import { createServer, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t, { type Test } from 'tap'
import { startLab } from '../../src/lab/lab.ts'
import { connectRaw, type RawClient } from '../../src/lab/raw-client.ts'
import { signIn } from '../../src/ntlm/ntlm-client.ts'
import type { LogLine } from '../support/collected-log.ts'
import { freePorts } from '../support/free-ports.ts'
import { credentialsOf, HOST } from '../support/lab-proxy.ts'
import { countOpen } from '../support/open-files.ts'
import { openRawClient, type RawClient as Poller } from '../support/raw-client.ts'
import { type ReloadingProxy, startReloadingProxy } from '../support/reloading-proxy.ts'

// biome-ignore lint/style/noProcessEnv: how long the test runs is up to whoever starts it
const RELOADS = Number(process.env['LYNCGATE_RELOADS'] ?? 1_000)
const NAME = 'lyncweb.contoso.com'
const NAMES = [NAME, 'alternating.example']
const WARM_UP = Math.min(100, RELOADS / 2)
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What grows when something is left behind. */
function measure(proxy: ReloadingProxy) {
  collect()
  return {
    heapBytes: process.memoryUsage().heapUsed,
    ...countOpen(),
    servers: process.getActiveResourcesInfo().filter((each) => each === 'TCPServerWrap').length,
    connections: proxy.runtime.openConnections,
    processListeners: process.eventNames().map((name) => process.listenerCount(name)),
  }
}

/** A server that keeps nothing: polls wait in `held`, everything else is answered at once. */
async function startServer(t: Test, held: Map<string, () => void>): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    // Each request comes whole, and one at a time.
    socket.on('data', (bytes) => {
      const target = /^GET (\S+)/.exec(bytes.toString('latin1'))?.[1] ?? ''
      if (target.startsWith('/poll')) held.set(target, () => void socket.write(ANSWER))
      else socket.write(ANSWER)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

async function start(t: Test) {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const held = new Map<string, () => void>()
  const portOfServer = [await startServer(t, held), await startServer(t, held)]
  const [http = 0, https = 0, extra = 0] = await freePorts(3)
  const portOf = (parity: number): number => portOfServer[parity] ?? 0
  const labServers = lab.pool.map((each) => ({
    address: each.address,
    http: each.httpPort,
    https: each.httpsPort,
  }))
  const rules = (parity: number): string => `version: 1
listeners:
  - { name: internet, address: 127.0.0.1, http: ${http}, https: ${https} }
${parity === 1 ? `  - { name: extra, address: 127.0.0.1, http: ${extra} }\n` : ''}certificates:
  - { cert: ${parity === 1 ? 'public' : 'second'}.pem, key: ${parity === 1 ? 'public' : 'second'}.key }
pools:
  lab:
    product: skype-se
    tls: { ca: root.pem, serverName: pool01.contoso.local }
    servers: ${JSON.stringify(labServers)}
  pool${parity}:
    product: other
    tls: { ca: root.pem }
    servers: [{ address: 127.0.0.1, http: ${portOf(parity)}, https: ${portOf(parity)} }]
rules:
  - { name: Lab, publish: web-services, hosts: [${NAME}], pool: lab, http: forward, allow: [/lab] }
  - { name: Rule ${parity}, publish: anything, hosts: [alternating.example], pool: pool${parity}, http: forward }
`
  const second = await lab.authority.issue({ names: NAMES })
  const proxy = await startReloadingProxy(t, {
    rules: rules(1),
    authority: lab.authority,
    names: NAMES,
    files: { 'second.pem': second.certPem, 'second.key': second.keyPem },
  })
  const tls = { ca: lab.authority.certificatePem, serverName: NAME }
  const connect = (over: 'http' | 'https'): Promise<RawClient> =>
    connectRaw(over === 'http' ? { port: http } : { port: https, tls })
  return { lab, proxy, held, rules, http, portOf, connect }
}

t.test(`${RELOADS} reloads under load`, { timeout: 1_000_000 }, async (t) => {
  const { lab, proxy, held, rules, http, portOf, connect } = await start(t)
  let sent = 0
  let done = 0
  const wrong: unknown[] = []

  // Two people signed in, one of them over TLS.
  const people = [
    { client: await connect('http'), name: 'alice' },
    { client: await connect('https'), name: 'bob' },
  ]
  for (const { client, name } of people) {
    const ask = (authorization: string) => {
      sent++
      return client.request('GET /lab/echo-ntlm', [HOST, `Authorization: ${authorization}`])
    }
    await signIn(ask, credentialsOf(lab, name), 'NTLM')
  }
  const askSignedIn = async ({ client, name }: (typeof people)[number]): Promise<void> => {
    sent++
    const answer = await client.request('GET /lab/echo-ntlm', [HOST])
    if (answer.header('x-lab-user') !== `CONTOSO\\${name}`) wrong.push({ name, got: answer.status })
  }

  // Clients that come and go must not be remembered, so these are not closed by `connect`.
  t.teardown(() => {
    for (const client of [...quick, ...people.map((person) => person.client)]) client.close()
  })
  const quick = [await connect('http'), await connect('http')]
  const askQuick = async (client: RawClient): Promise<void> => {
    for (let n = 0; n < 3; n++) {
      sent++
      const answer = await client.request('GET /quick', ['Host: alternating.example'])
      if (answer.status !== 200) wrong.push({ quick: answer.status })
    }
  }

  const pollers: { client: Poller; target: string; answers: number; since: number }[] = []
  const poll = (poller: (typeof pollers)[number], round: number): void => {
    sent++
    poller.target = `/poll/${sent}`
    poller.since = round
    poller.client.send(`GET ${poller.target} HTTP/1.1\r\nHost: alternating.example\r\n\r\n`)
  }
  for (let n = 0; n < 6; n++) {
    const client = await openRawClient(t, { port: http })
    pollers.push({ client, target: '', answers: 0, since: 0 })
  }
  /** Each poll outlives between 20 and 70 reloads. */
  const movePollers = async (round: number): Promise<void> => {
    for (const [index, poller] of pollers.entries()) {
      if (poller.target === '') poll(poller, round)
      if (round - poller.since < 20 + index * 10) continue
      await release(poller)
      poll(poller, round)
    }
  }
  const release = async (poller: (typeof pollers)[number]): Promise<void> => {
    held.get(poller.target)?.()
    held.delete(poller.target)
    poller.answers++
    await poller.client.until((text) => text.split('\r\n\r\nok').length > poller.answers)
  }

  const newcomer = async (): Promise<void> => {
    const client = await connect('https')
    sent++
    const answer = await client.request('GET /lab/echo', [HOST])
    if (answer.status !== 200) wrong.push({ newcomer: answer.status })
    client.close()
  }

  const checkLines = (): void => {
    for (const line of (proxy.lines as LogLine[]).splice(0)) {
      if (line.msg !== 'exchange') {
        if (line.level > 30) wrong.push(line)
        continue
      }
      done++
      const { revision = 0, host, rule, pool, server, outcome } = line
      const parity = revision % 2
      const isLab = host === NAME
      const isWhole =
        outcome === 'done' &&
        rule === (isLab ? 'Lab' : `Rule ${parity}`) &&
        pool === (isLab ? 'lab' : `pool${parity}`) &&
        (isLab || server === `127.0.0.1:${portOf(parity)}`)
      if (!isWhole) wrong.push(line)
    }
  }

  let before: ReturnType<typeof measure> | undefined
  for (let round = 2; round <= RELOADS + 1; round++) {
    await proxy.put('lyncgate.yaml', rules(round % 2))
    const [outcome] = await Promise.all([
      proxy.reloader.reload('command'),
      movePollers(round),
      newcomer(),
      ...quick.map(askQuick),
      ...people.map(askSignedIn),
    ])
    if (outcome.kind !== 'reloaded' || outcome.revision !== round) wrong.push(outcome)
    checkLines()
    // Sockets that were closed are counted until the next turn; revisions of the same parity are alike.
    if (round >= WARM_UP && round % 2 === 0) before ??= measure(proxy)
  }
  for (const poller of pollers) if (poller.target !== '') await release(poller)
  const lastRevision = RELOADS + 2
  await proxy.put('lyncgate.yaml', rules(lastRevision % 2))
  await proxy.reloader.reload('command')
  await proxy.line(({ revision }) => revision === lastRevision)
  checkLines()
  if (lastRevision % 2 === 1) await proxy.change(rules(0))

  t.same(wrong.slice(0, 3), [], 'no exchange mixed two revisions or failed')
  t.equal(done, sent, 'and none was lost')
  t.ok(done > RELOADS * 8)
  const after = measure(proxy)
  if (!before) throw new Error('nothing was measured')
  t.comment(JSON.stringify({ before, after }))
  t.equal(after.servers, before.servers)
  t.equal(after.watches, before.watches)
  t.same(after.processListeners, before.processListeners)
  t.ok(after.files <= before.files + 20, `${before.files} files, then ${after.files}`)
  t.ok(after.connections <= before.connections + 10)
  const grownBytes = after.heapBytes - before.heapBytes
  // A listener that is left behind takes 100 KB and more.
  t.ok(grownBytes < 20_000_000, `the heap grew by ${grownBytes} bytes`)
})
