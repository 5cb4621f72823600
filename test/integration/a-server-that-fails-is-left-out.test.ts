/** What clients see when a server goes, hangs or shows a bad certificate, and when it comes back. */
import t, { type Test } from 'tap'
import type { LabServer } from '../../src/lab/lab-server.ts'
import type { RawClient } from '../../src/lab/raw-client.ts'
import { type CheckedLab, cookieOf, serverOf, startCheckedLab } from '../support/checked-lab.ts'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const SIGN_IN = 'Authorization: NTLM TlRMTVNTUAABAAAA'

/** Both are known to be healthy; a cookie for each. */
async function settle(lab: CheckedLab): Promise<Record<'fe01' | 'fe02', string>> {
  await lab.said('server is healthy', lab.fe01)
  await lab.said('server is healthy', lab.fe02)
  const cookies = { fe01: '', fe02: '' }
  while (cookies.fe01 === '' || cookies.fe02 === '') {
    const answer = await lab.ask('/lab/echo')
    cookies[serverOf(answer) === 'fe01' ? 'fe01' : 'fe02'] = cookieOf(answer)
  }
  return cookies
}

async function pin(lab: CheckedLab, cookie: string): Promise<RawClient> {
  const client = await lab.connect('https')
  await client.request('GET /lab/echo', [HOST, cookie, SIGN_IN])
  return client
}

/** Who answers so many new clients. */
async function answersOf(
  t: Test,
  lab: CheckedLab,
  clients: number,
): Promise<(string | undefined)[]> {
  const servers: (string | undefined)[] = []
  for (let n = 0; n < clients; n++) {
    const answer = await lab.ask('/lab/echo')
    t.equal(answer.status, 200)
    servers.push(serverOf(answer))
  }
  return servers
}

t.test('a server that stops and comes back', async (t) => {
  const lab = await startCheckedLab(t, { health: 'check: web' })
  const { fe01 } = lab
  const cookies = await settle(lab)
  const [lost, kept] = [await pin(lab, cookies.fe01), await pin(lab, cookies.fe02)]

  await fe01.stop()
  await lab.said('server is unhealthy', fe01)
  const down = await lab.line(({ msg }) => msg === 'server is unhealthy')
  t.match(down, { pool: 'pool01', reason: 'connection refused', level: 40 })

  const answers = await answersOf(t, lab, 20)
  t.same(new Set(answers), new Set(['fe02']), 'after that no client sees anything')
  const moved = await lab.ask('/lab/echo?moved', [cookies.fe01])
  t.equal(moved.status, 200)
  t.equal(cookieOf(moved), cookies.fe02, 'affinity moves, and the cookie is re-issued')
  t.match(await lab.line(({ target }) => target === '/lab/echo?moved'), { affinity: 'balance' })
  await lost.closed
  t.equal((await kept.request('GET /lab/echo', [HOST])).status, 200, 'other sign-ins go on')

  await fe01.start()
  await lab.said('server is healthy', fe01, 2)
  const eased = (await answersOf(t, lab, 40)).filter((server) => server === 'fe01').length
  t.ok(eased < 20, `${eased} of 40 go to the one that has just come back`)
  t.equal(
    serverOf(await lab.ask('/lab/echo', [cookies.fe01])),
    'fe01',
    'its cookies are good again',
  )
})

t.test('a server that stops in the middle of traffic', async (t) => {
  const lab = await startCheckedLab(t, { health: 'check: web' })
  await settle(lab)
  let isDetected = false
  let isOver = false
  const lateErrors: number[] = []
  let lateAnswers = 0
  const visit = async (): Promise<void> => {
    while (!isOver) {
      const isLate = isDetected
      const { status } = await lab.ask('/lab/slow?ms=5')
      if (!isLate) continue
      lateAnswers++
      if (status !== 200) lateErrors.push(status)
    }
  }
  const visitors = Array.from({ length: 8 }, visit)
  await lab.line(() => lab.lines.filter(({ msg }) => msg === 'exchange').length > 40)
  await lab.fe01.stop()
  await lab.said('server is unhealthy', lab.fe01)
  isDetected = true
  await lab.line(() => lateAnswers >= 100)
  isOver = true
  await Promise.all(visitors)
  t.same(lateErrors, [], `of ${lateAnswers} answers after it was noticed`)
})

t.test('a web server that answers nothing good while its port is open', async (t) => {
  const isCheck = ({ target }: { target: { path: string } }): boolean =>
    target.path.startsWith('/autodiscover/')
  for (const [fault, reason] of [
    [{ status: 503 }, 'status 503'],
    [{ instead: 'hang', when: isCheck }, 'no answer within 400 ms'],
    [{ instead: 'cut' }, 'connection reset'],
  ] as const) {
    t.test(reason, async (t) => {
      const lab = await startCheckedLab(t, { health: 'check: web, timeout: 400ms' })
      await settle(lab)
      lab.fe02.fault = fault
      await lab.said('server is unhealthy', lab.fe02)
      t.equal((await lab.line(({ msg }) => msg === 'server is unhealthy')).reason, reason)
      t.same(new Set(await answersOf(t, lab, 10)), new Set(['fe01']))
      lab.fe02.fault = undefined
      await lab.said('server is healthy', lab.fe02, 2)
    })
  }
})

t.test('a check of a port sees that port and nothing else', async (t) => {
  const lab = await startCheckedLab(t, { health: 'check: tcp' })
  await settle(lab)
  lab.fe02.fault = { status: 503 }
  const { acceptedConnections } = lab.fe02
  while (lab.fe02.acceptedConnections === acceptedConnections) await lab.ask('/lab/echo')
  t.notOk(lab.lines.some(({ msg }) => msg === 'server is unhealthy'))
})

t.test('a bad certificate', async (t) => {
  const certificate = { names: ['other.contoso.local'] }
  const lab = await startCheckedLab(t, {
    health: 'check: web',
    lab: { servers: { fe01: { certificate } } },
  })
  await lab.said('server is unhealthy', lab.fe01)
  await lab.said('server is healthy', lab.fe02)
  const line = await lab.line(({ msg }) => msg === 'server is unhealthy')
  t.equal(line.reason, 'certificate not accepted (ERR_TLS_CERT_ALTNAME_INVALID)')
  t.same(new Set(await answersOf(t, lab, 10)), new Set(['fe02']))
  t.notOk(lab.lines.some(({ affinity }) => affinity === 'failover'))
})

t.test('when every server is unhealthy', async (t) => {
  const lab = await startCheckedLab(t, { health: 'check: web' })
  const servers: readonly LabServer[] = [lab.fe01, lab.fe02]
  for (const server of servers) server.fault = { status: 503 }
  for (const server of servers) await lab.said('server is unhealthy', server)
  const client = await lab.connect('https')
  const answer = await client.request('GET /lab/none', [HOST])
  t.equal(answer.status, 503)
  t.equal(answer.header('retry-after'), '5')
  t.notMatch(answer.body.toString(), /127\.0\.0\.1|fe0/)
  const line = await lab.line(({ target }) => target === '/lab/none')
  t.match(line, { outcome: 'backend-none-healthy', reason: /status 503; .*status 503$/ })
  t.same([line.server, line.connectMs], [undefined, undefined], 'nobody was tried')
  t.match(await lab.line(({ msg }) => msg === 'pool has no healthy server'), { level: 50 })

  for (const server of servers) server.fault = undefined
  await lab.said('server is healthy', lab.fe01)
  t.equal((await client.request('GET /lab/echo', [HOST])).status, 200, 'the connection was kept')
})

t.test('the last resort', async (t) => {
  const when = ({ target }: { target: { path: string } }): boolean =>
    target.path.startsWith('/autodiscover/')
  for (const health of ['check: web, lastResort: true', 'timeout: 1s']) {
    t.test(health, async (t) => {
      const lab = await startCheckedLab(t, { health })
      for (const server of [lab.fe01, lab.fe02]) server.fault = { status: 404, when }
      for (const server of [lab.fe01, lab.fe02]) await lab.said('server is unhealthy', server)
      const first = await lab.ask('/lab/echo')
      t.equal(first.status, 200)
      for (let n = 0; n < 6; n++) {
        const next = await lab.ask('/lab/echo', [cookieOf(first)])
        t.equal(serverOf(next), serverOf(first), 'affinity holds as if there were no check')
        t.equal(next.header('set-cookie'), undefined)
      }
    })
  }
})

t.test('checks are seen by servers alone', async (t) => {
  const lab = await startCheckedLab(t, { health: 'check: web' })
  await settle(lab)
  const client = await lab.connect('https')
  const connections = new Set<string | undefined>()
  for (let n = 0; n < 10; n++) {
    const answer = await client.request('GET /lab/echo', [HOST])
    connections.add(answer.header('x-lab-connection'))
    t.notMatch(answer.headers.flat().join('\n') + answer.body.toString(), /health-check/i)
  }
  const isCheck = ({ rawHeaders }: { rawHeaders: readonly string[] }): boolean =>
    rawHeaders.includes('lyncgate-health-check')
  const records = lab.lab.pool.flatMap((server) => server.records.filter(isCheck))
  t.ok(records.length >= 2)
  for (const { method, rawHeaders, connection, target } of records) {
    t.equal(method, 'GET')
    t.equal(target, '/autodiscover/autodiscoverservice.svc/root')
    t.notOk(rawHeaders.some((name) => name.toLowerCase() === 'accept'))
    t.notOk(connections.has(String(connection)), 'over connections of their own')
  }
  t.notOk(
    lab.lines.some(({ target }) => target?.startsWith('/autodiscover')),
    'they are no exchanges',
  )
})

t.test('readiness waits for the first result, be it good or bad', async (t) => {
  const silent = await startRecordingBackend(t)
  const proxy = await startTestProxy(t, {
    servers: [silent],
    pool: 'health: { check: web, timeout: 5m }',
    top: 'health: { address: 127.0.0.1, port: 8081 }',
  })
  const readiness = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${proxy.proxy.healthPort}/readyz`)).status
  const check = await silent.connection(0)
  t.equal(await readiness(), 503)
  check.socket.destroy()
  await proxy.line(({ msg }) => msg === 'server is unhealthy')
  t.equal(await readiness(), 200)
})
