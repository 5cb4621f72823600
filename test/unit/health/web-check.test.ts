import { createSecureContext } from 'node:tls'
import t, { type Test } from 'tap'
import type { CheckResult } from '../../../src/health/check-result.ts'
import { checkTcp } from '../../../src/health/tcp-check.ts'
import { checkWeb, type WebQuestion } from '../../../src/health/web-check.ts'
import {
  type Authority,
  type CertificateRequest,
  createAuthority,
} from '../../../src/lab/authority.ts'
import { type LabOptions, startLab } from '../../../src/lab/lab.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'

const NAME = 'pool01.contoso.local'

async function labOf(t: Test, options: LabOptions = {}) {
  const lab = await startLab(options)
  t.teardown(() => lab.close())
  const [server] = lab.pool
  return { lab, server, question: questionOf(lab.authority, server.httpsPort) }
}

const questionOf = (authority: Authority, port: number): WebQuestion => ({
  address: '127.0.0.1',
  port,
  tls: {
    secureContext: createSecureContext({ ca: authority.certificatePem }),
    serverName: NAME,
    insecureSkipVerify: false,
  },
  host: 'lyncweb.contoso.com',
  path: '/autodiscover/autodiscoverservice.svc/root',
  status: 200,
  body: undefined,
})

/** `good`, or why not. */
const check = (question: WebQuestion, timeoutMs = 10_000): Promise<string> =>
  new Promise((resolve) => checkWeb(question, timeoutMs, (result) => resolve(wordOf(result))))

const wordOf = (result: CheckResult): string => (result.ok ? 'good' : result.reason)

t.test('the probe of Microsoft: GET, by the published name, without Accept', async (t) => {
  const { server, question } = await labOf(t)
  t.equal(await check(question), 'good')
  const [record] = server.records
  t.equal(server.records.length, 1)
  t.match(record, {
    method: 'GET',
    target: '/autodiscover/autodiscoverservice.svc/root',
    secure: true,
    tlsServerName: NAME,
  })
  t.same(record?.rawHeaders, [
    'Host',
    'lyncweb.contoso.com',
    'User-Agent',
    'lyncgate-health-check',
    'Connection',
    'close',
  ])
})

t.test('status and body', async (t) => {
  const { server, question } = await labOf(t)
  const echo = { ...question, path: '/lab/status?code=401&reason=No' }
  t.equal(await check(echo), 'status 401')
  t.equal(await check({ ...echo, status: 401 }), 'good')
  t.equal(await check({ ...echo, status: 401, body: 'status 401' }), 'good')
  t.equal(await check({ ...echo, status: 401, body: 'hello' }), '"hello" is not in the answer')
  server.fault = { status: 503 }
  t.equal(await check(question), 'status 503')
  server.fault = { instead: 'cut' }
  t.equal(await check(question), 'connection reset')
  server.fault = { instead: 'hang' }
  t.equal(await check(question, 200), 'no answer within 200 ms')
  await server.stop()
  t.equal(await check(question), 'connection refused')
})

t.test('certificates', async (t) => {
  const cases: readonly (readonly [Partial<CertificateRequest>, string])[] = [
    [{ names: ['other.contoso.local'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [{ notAfter: new Date(Date.now() - 1_000) }, 'CERT_HAS_EXPIRED'],
  ]
  for (const [certificate, code] of cases) {
    const { question } = await labOf(t, { servers: { fe01: { certificate } } })
    for (let n = 0; n < 2; n++)
      t.equal(await check(question), `certificate not accepted (${code})`, 'again and again')
    t.equal(
      await check({ ...question, tls: { ...question.tls, insecureSkipVerify: true } }),
      'good',
    )
  }
  const { server } = await labOf(t)
  const stranger = questionOf(await createAuthority('Stranger'), server.httpsPort)
  t.match(await check(stranger), /^certificate not accepted \(/)
})

t.test('answers without an end are bounded', async (t) => {
  const authority = await createAuthority('Root')
  const certificate = await authority.issue({ names: [NAME] })
  const answers = [
    ['HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(1_000), /^"never" is not in the answer$/],
    ['HTTP/1.1 200 OK\r\nX: ', 'x'.repeat(1_000), /^head of the answer too large$/],
    ['this is not HTTP\r\n\r\n', '', /^the answer is not HTTP/],
  ] as const
  for (const [start, more, reason] of answers) {
    const backend = await startRecordingBackend(
      t,
      (socket) => {
        socket.write(start)
        const flood = (): void => {
          while (more !== '' && !socket.destroyed && socket.write(more));
          socket.once('drain', flood)
        }
        flood()
      },
      certificate,
    )
    const question = { ...questionOf(authority, backend.httpsPort), body: 'never' }
    t.match(await check(question), reason)
    const connection = await backend.connection(0)
    await connection.until(() => connection.isClosed)
  }
})

t.test('a check that is given up says nothing and keeps nothing open', async (t) => {
  const { server, question } = await labOf(t)
  server.fault = { instead: 'hang' }
  const giveUp = checkWeb(question, 10_000, () => t.fail('it was given up'))
  await server.waitFor(() => true)
  giveUp()
  await server.waitFor(({ outcome }) => outcome === 'client-left')
  checkTcp({ address: '127.0.0.1', port: server.sipPort }, 10_000, () =>
    t.fail('it was given up'),
  )()
})

t.test('tcp: a connection is all it takes', async (t) => {
  const { server } = await labOf(t)
  const tcp = (port: number, timeoutMs = 10_000): Promise<string> =>
    new Promise((resolve) =>
      checkTcp({ address: '127.0.0.1', port }, timeoutMs, (result) => resolve(wordOf(result))),
    )
  t.equal(await tcp(server.sipPort), 'good')
  server.fault = { instead: 'hang' }
  t.equal(await tcp(server.httpsPort), 'good', 'it does not see what a web check sees')
  await server.stop()
  t.equal(await tcp(server.sipPort), 'connection refused')
})
