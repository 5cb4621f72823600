/** Two real `lyncgate run` behind a real HAProxy, configured as docker/haproxy.cfg: what one has begun the other continues, and nobody misses the one that goes. */
import { once } from 'node:events'
import { type ConnectionOptions, connect } from 'node:tls'
import t, { type Test } from 'tap'
import { connectRaw, type RawClient, type RawResponse } from '../../src/lab/raw-client.ts'
import { HOST } from '../support/lab-proxy.ts'
import { requireHaproxy } from '../support/real-haproxy.ts'
import { publicName } from '../support/real-kdc.ts'
import { waitUntil } from '../support/real-process.ts'
import { type LogLine, type Replica, type Replicas, startReplicas } from '../support/replicas.ts'
import { startSteadyClients } from '../support/steady-clients.ts'

const CLIENT = '127.0.0.77'
const TIMES = 'unready: 4s, drain: 30s'

const clientTarget = ({ haproxy, ca }: Replicas) => ({
  port: haproxy.httpsPort,
  localAddress: CLIENT,
  tls: { ca, serverName: publicName },
})

async function connectTo(t: Test, replicas: Replicas): Promise<RawClient> {
  const client = await connectRaw(clientTarget(replicas))
  t.teardown(() => client.close())
  return client
}

const exchanges = ({ logs }: Replica): readonly LogLine[] =>
  logs().filter(({ msg }) => msg === 'exchange')

const cookieOf = (answer: RawResponse): string => answer.header('Set-Cookie')?.split(';')[0] ?? ''

/** Whether somebody listens on the https port. */
const accepts = async ({ https }: Replica): Promise<boolean> =>
  connectRaw({ port: https }).then(
    (client) => {
      client.close()
      return true
    },
    () => false,
  )

/** The processes that serve. */
const workersOf = ({ logs }: Replica): readonly number[] =>
  logs().flatMap((line) => (line.msg === 'worker serves' ? [line['pid'] as number] : []))

let targets = 0
const uniqueTarget = (): string => `/visit/${++targets}`

/** Which replica has logged the request. */
async function placeOf(target: string, { all }: Replicas): Promise<number> {
  let place = -1
  await waitUntil('a replica has logged it', () => {
    place = all.findIndex((each) => exchanges(each).some((line) => line['target'] === target))
    return place !== -1
  })
  return place
}

/** A connection to each of the two, in their order. */
async function connectToBoth(
  t: Test,
  replicas: Replicas,
): Promise<readonly [RawClient, RawClient]> {
  const found: RawClient[] = []
  for (let attempt = 0; attempt < 100 && (!found[0] || !found[1]); attempt++) {
    const client = await connectTo(t, replicas)
    const target = uniqueTarget()
    await client.request(`GET ${target}`, [HOST])
    found[await placeOf(target, replicas)] ??= client
  }
  const [one, two] = found
  if (!one || !two) throw new Error('HAProxy sends everybody to one replica')
  return [one, two]
}

/** One connection with one request: whether its TLS session was resumed, on which replica, and the session of it. */
async function visit(replicas: Replicas, version: 'TLSv1.2' | 'TLSv1.3', shown?: Buffer) {
  const { port, localAddress, tls } = clientTarget(replicas)
  const options: ConnectionOptions & { localAddress: string } = {
    host: '127.0.0.1',
    port,
    localAddress,
    ca: tls.ca,
    servername: tls.serverName,
    minVersion: version,
    maxVersion: version,
    ...(shown ? { session: shown } : {}),
  }
  const socket = connect(options)
  let session: Buffer | undefined
  socket.on('session', (bytes: Buffer) => {
    session = bytes
  })
  await once(socket, 'secureConnect')
  const isResumed = socket.isSessionReused()
  const target = uniqueTarget()
  // In TLS 1.3 tickets follow the handshake: an answer shows that they have come.
  socket.write(`GET ${target} HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`)
  socket.resume()
  await once(socket, 'close')
  return { isResumed, session, place: await placeOf(target, replicas) }
}

if (requireHaproxy(t)) {
  const replicas = await startReplicas(t, TIMES)
  const { all, haproxy, frontEnds } = replicas

  t.test('the affinity cookie of one is honoured by the other', async (t) => {
    const [one, two] = await connectToBoth(t, replicas)
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      const first = await from.request('GET /begin', [HOST])
      const cookie = cookieOf(first)
      t.match(cookie, /^MS-WSMAN=/)
      for (let n = 0; n < 10; n++) {
        const { body, all: values } = await to.request('GET /go-on', [HOST, `Cookie: ${cookie}`])
        t.equal(body.toString(), first.body.toString(), 'the same Front End')
        t.same(values('Set-Cookie'), [], 'and no other cookie')
      }
    }
  })

  t.test('TLS sessions of one are resumed by the other', async (t) => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await visit(replicas, version)
      t.notOk(first.isResumed)
      const places = new Set<number>()
      for (let n = 0; n < 100 && places.size < 2; n++) {
        const { isResumed, place } = await visit(replicas, version, first.session)
        t.ok(isResumed, `${version}, made on ${first.place}, shown to ${place}`)
        places.add(place)
      }
      t.equal(places.size, 2, 'both have seen it')
    }
  })

  t.test('the client is known to logs and servers', async (t) => {
    const client = await connectTo(t, replicas)
    await client.request('GET /mine', [HOST, 'X-Forwarded-For: 203.0.113.9'])
    const lines = () => all.flatMap(exchanges).filter((line) => line['target'] === '/mine')
    await waitUntil('it is logged', () => lines().length === 1)
    t.match(lines(), [{ client: CLIENT }])
    t.same(new Set(frontEnds.flatMap(({ clients }) => clients)), new Set([CLIENT]))
  })

  t.test('request ids never meet', async (t) => {
    const clients = startSteadyClients(t, clientTarget(replicas), { count: 10, pauseMs: 1 })
    await waitUntil('there are many', () => clients.answered > 1000)
    await clients.stop()
    t.same(clients.lost, [])
    const ids = all.flatMap(exchanges).map(({ id }) => id)
    t.ok(ids.length > 1000)
    t.equal(new Set(ids).size, ids.length)
  })

  t.test('both are rolled, one after the other, under load, and nothing is lost', async (t) => {
    const clients = startSteadyClients(t, clientTarget(replicas))
    for (const [index, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const leaving = all[index] as Replica
      const polls = (await connectToBoth(t, replicas)).map((client) =>
        client.request('GET /poll', [HOST]),
      )
      const waiting = (): number => frontEnds.reduce((sum, each) => sum + each.polls, 0)
      await waitUntil('both wait', () => waiting() === 2)
      await waitUntil('there is load', () => clients.answered > 200)

      process.kill(leaving.program.pid, 'SIGTERM')
      await waitUntil('it says so first', async () => (await leaving.readiness()) === 503)
      t.ok(await accepts(leaving), 'and still takes connections')
      await waitUntil('HAProxy looks elsewhere', async () => `${await haproxy.up()}` === `${other}`)
      const target = `/while-${index}-leaves`
      await (await connectTo(t, replicas)).request(`GET ${target}`, [HOST])
      t.equal(await placeOf(target, replicas), other)
      await waitUntil('its port is closed', async () => !(await accepts(leaving)))
      t.notOk(leaving.program.hasEnded(), 'the long poll keeps it')
      for (const each of frontEnds) each.answerPolls()
      const answers = await Promise.all(polls)
      t.same(
        answers.map(({ status }) => status),
        [200, 200],
      )
      t.equal(answers[index]?.header('Connection'), 'close')
      t.equal((await leaving.program.ended).code, 0)
      await replicas.restart(index)
    }
    await clients.stop()
    t.same(clients.lost, [], `of ${clients.sent}`)
    t.equal(clients.answered, clients.sent)
    t.comment(`${clients.sent} requests on ${clients.connections} connections`)
  })

  t.test('one that is killed takes its connections along, and the other one serves', async (t) => {
    const [one, two] = await connectToBoth(t, replicas)
    const first = await one.request('GET /begin', [HOST])
    const fields = [HOST, `Cookie: ${cookieOf(first)}`]
    const poll = one.request('GET /poll', fields).catch(String)
    const killed = all[0] as Replica
    for (const pid of [killed.program.pid, ...workersOf(killed)]) process.kill(pid, 'SIGKILL')
    t.match(await poll, /ended/)
    await waitUntil('it has gone', async () => !(await accepts(killed)))
    for (let n = 0; n < 20; n++) {
      // HAProxy may not have found out yet: a refused connection is tried elsewhere.
      const again = await connectTo(t, replicas)
      const { status, body } = await again.request('GET /again', fields)
      t.same([status, body.toString()], [200, first.body.toString()], 'the same Front End')
      again.close()
    }
    t.equal((await two.request('GET /', [HOST])).status, 200)
    await waitUntil('HAProxy knows', async () => `${await haproxy.up()}` === '1')
    await replicas.restart(0)
    await connectToBoth(t, replicas)
  })
}
