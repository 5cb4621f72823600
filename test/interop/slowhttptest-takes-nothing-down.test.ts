/** slowhttptest in all its modes, over plain HTTP and TLS at the same time, with good clients beside it. */
import t from 'tap'
import { runProgram } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'
import { startSlowWorld } from '../support/slow-world.ts'
import { startSteadyClients } from '../support/steady-clients.ts'

const CONNECTIONS = 50

/** So many are ended by us at least: slowhttptest itself may be slow to open the others, over TLS first of all. */
const ENDED = 10

/** For each connection of an attacker: the buffers on both sides, with TLS, and a wide margin. */
const MOST_MIB_EACH = 1

/** What both workers may keep for themselves: their heaps grow, and are given back late. */
const MOST_MIB_KEPT = 256

const modes = [
  { name: 'slow heads', flags: ['-l', '4', '-H', '-x', '10'], ends: 'client-head-timeout' },
  {
    name: 'slow bodies',
    flags: ['-l', '8', '-B', '-s', '8192', '-x', '10'],
    ends: 'client-body-timeout',
  },
  { name: 'ranges', flags: ['-l', '4', '-R', '-b', '2000'], ends: undefined },
  {
    name: 'slow reading',
    flags: ['-l', '8', '-X', '-w', '512', '-y', '1024', '-n', '1', '-z', '32'],
    ends: 'client-read-timeout',
  },
]

t.test('slowhttptest', async (t) => {
  if (!requireProgram(t, 'slowhttptest', 'slowhttptest')) return
  const world = await startSlowWorld(
    'timeouts: { requestHead: 2s, requestBody: 2s, clientRead: 2s, unready: 0s, drain: 1s }',
    (end) => void t.teardown(end),
  )
  const tls = { ca: world.ca, serverName: 'lyncweb.contoso.com' }
  const good = [
    startSteadyClients(t, { port: world.httpPort }, { count: 3, pauseMs: 50 }),
    startSteadyClients(t, { port: world.httpsPort, tls }, { count: 3, pauseMs: 50 }),
  ]
  const base = await world.residentMiB()
  for (const { name, flags, ends } of modes) {
    let peak = 0
    const measure = setInterval(() => {
      void world.residentMiB().then((now) => {
        peak = Math.max(peak, now)
      })
    }, 200)
    const attack = (url: string) =>
      runProgram({
        program: 'slowhttptest',
        args: [...flags, '-c', `${CONNECTIONS}`, '-r', '50', '-i', '1', '-u', url],
      })
    await Promise.all([
      attack(`http://localhost:${world.httpPort}/long`),
      attack(`https://localhost:${world.httpsPort}/long`),
    ])
    clearInterval(measure)
    if (ends) {
      const ended = world.countOfLines(`"outcome":"${ends}"`)
      t.ok(ended >= ENDED, `${name}: ${ended} attackers were ended by ${ends}`)
    }
    const most = base + MOST_MIB_KEPT + 2 * CONNECTIONS * MOST_MIB_EACH
    t.ok(peak > 0 && peak < most, `${name}: ${peak.toFixed()} MiB of at most ${most.toFixed()}`)
  }
  await Promise.all(good.map((clients) => clients.stop()))
  for (const { sent, answered, lost, connections } of good) {
    t.ok(answered > 20, `${answered} answers`)
    t.equal(answered, sent, 'every good request was answered')
    t.same(lost, [])
    t.equal(connections, 3, 'and no good connection was closed')
  }
  const kept = (await world.residentMiB()) - base
  t.ok(kept < MOST_MIB_KEPT, `${kept.toFixed()} MiB are kept`)
  t.equal(world.countOfLines('worker died') + world.countOfLines('"msg":"fault'), 0)
})
