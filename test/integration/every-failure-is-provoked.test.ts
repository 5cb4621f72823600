/** The catalogue of failures, code by code: each is brought about, answers as it says, and is in the log. */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type FailureCode, failureOf, failures } from '../../src/base/failure.ts'
import { startFaultyListener } from '../support/faulty-listener.ts'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { upgradeRequest } from '../support/upgrade.ts'

interface Provocation {
  /** What the client sends. */
  readonly send: string
  /** What the server does with what it has got; default: nothing. */
  readonly server?: (socket: Socket) => void
  /** More YAML at the top level of the rules file. */
  readonly top?: string
  /** Another client has sent a request before, and waits for its answer. */
  readonly isSecond?: boolean
  /** What happens when the request is under way. */
  readonly afterwards?: (client: RawClient, proxy: TestProxy) => void
}

const get = (target = '/', ...fields: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, HOST, ...fields, '', ''].join('\r\n')
const post = (...fields: readonly string[]): string =>
  ['POST / HTTP/1.1', HOST, ...fields, '', ''].join('\r\n')

/** More than all the buffers on the way hold. */
const ENDLESS = Buffer.alloc(64 * 1024 * 1024, 'x')

/** alice, with a wrong password. */
const BASIC = 'Authorization: Basic YWxpY2U6eA=='
const UNAUTHORIZED =
  'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n'

const provocations: Readonly<
  Record<Exclude<FailureCode, 'proxy-fault' | 'client-user-blocked'>, Provocation>
> = {
  'client-malformed': { send: 'GET / HTTP/1.1\r\nBad Name: x\r\n\r\n' },
  'client-host-missing': { send: 'GET / HTTP/1.1\r\n\r\n' },
  'client-host-mismatch': { send: `GET http://other.contoso.com/ HTTP/1.1\r\n${HOST}\r\n\r\n` },
  'client-target-invalid': { send: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n\r\n` },
  'client-framing-ambiguous': { send: post('Content-Length: 1', 'Transfer-Encoding: chunked') },
  'client-upgrade-refused': { send: get('/', 'Connection: Upgrade', 'Upgrade: h2c') },
  'client-method-refused': { send: `TRACE / HTTP/1.1\r\n${HOST}\r\n\r\n` },
  'client-expectation-unknown': { send: get('/', 'Expect: 200-ok') },
  'client-head-too-large': { send: get('/', `X: ${'x'.repeat(70_000)}`) },
  'client-body-too-large': { send: post('Content-Length: 100000'), top: 'limits: { body: 64KiB }' },
  'client-head-timeout': { send: 'GET / HT', top: 'timeouts: { requestHead: 1s }' },
  'client-body-timeout': {
    send: post('Content-Length: 10'),
    top: 'timeouts: { requestBody: 1s }',
  },
  'client-read-timeout': {
    send: get(),
    server: (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${ENDLESS.length}\r\n\r\n`)
      socket.write(ENDLESS)
    },
    top: 'timeouts: { clientRead: 1s }',
    afterwards: (client) => client.socket.pause(),
  },
  'client-limit': { send: get(), isSecond: true, top: 'limits: { connectionsPerClient: 1 }' },
  'proxy-full': { send: get(), isSecond: true, top: 'limits: { connections: 1 }' },
  'client-not-published': { send: get().replace(HOST, 'Host: elsewhere.contoso.com') },
  'client-identities-mixed': {
    send:
      get('/', 'X-Forwarded-For: 192.0.2.1') +
      get('/', 'X-Forwarded-For: 192.0.2.2', 'Authorization: NTLM T1'),
    server: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    top: 'trustedProxies: [127.0.0.1/32]',
  },
  'policy-refused': { send: get('/RequestHandler/x') },
  'policy-internal-name': { send: get().replace(HOST, 'Host: lyncdiscoverinternal.contoso.com') },
  'policy-undecidable': { send: get('/lwa/%00/x') },
  'policy-virtual-patch': {
    send: get(
      `/lwa/Webpages/LwaClient.aspx?meeturl=${Buffer.from('http://192.0.2.1/').toString('base64')}`,
    ),
  },
  'client-throttled': {
    send: get('/', BASIC) + get('/', BASIC),
    server: (socket) => socket.write(UNAUTHORIZED),
    top: 'signInGuard: { perClient: { failures: 1, block: 1m } }',
  },
  'client-left': { send: get(), afterwards: (client) => client.socket.destroy() },
  'backend-unreachable': { send: get() },
  'backend-none-healthy': { send: get() },
  'backend-closed-early': { send: get(), server: (socket) => void socket.end() },
  'backend-answer-malformed': { send: get(), server: (socket) => socket.write('nonsense\r\n\r\n') },
  'backend-response-timeout': { send: get(), top: 'timeouts: { response: 1s }' },
  'backend-broke-off': {
    send: get(),
    server: (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
  },
  'backend-stalled': {
    send: get(),
    server: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    top: 'timeouts: { response: 1s }',
  },
  'proxy-stopping': {
    send: get(),
    afterwards: (_client, { proxy }) => void proxy.stop({ unreadyMs: 0, drainMs: 0 }),
  },
}

for (const [code, provocation] of Object.entries(provocations)) {
  t.test(code, async (t) => {
    const { send, server, top = '', afterwards, isSecond } = provocation
    const backend = await startRecordingBackend(t, server)
    const drain = code === 'backend-none-healthy'
    const servers = code === 'backend-unreachable' ? [{ httpPort: 9 }] : [{ ...backend, drain }]
    const proxy = await startTestProxy(t, { servers, top })
    if (isSecond) {
      const first = await openRawClient(t, { port: proxy.httpPort })
      first.send(send)
      await backend.connection(0)
    }
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(send)
    if (afterwards) {
      await (await backend.connection(0)).until((text) => text.endsWith('\r\n\r\n'))
      afterwards(client, proxy)
    }
    const line = await proxy.line(({ outcome }) => outcome === code)
    await checkAnswer(t, code as FailureCode, client)
    t.notMatch(line, { reason: /undefined/ })
  })
}

async function checkAnswer(t: Test, code: FailureCode, client: RawClient): Promise<void> {
  const { status, text, closes, retryAfterSeconds } = failureOf(code)
  if (status === 0) {
    client.socket.resume()
    t.notMatch(await client.closed(), /X-Lyncgate-Request-Id/, 'no answer of ours')
    return
  }
  const answer = await client.until((got) => got.endsWith(`${text}\n`))
  t.match(answer, new RegExp(`HTTP/1\\.1 ${status} `))
  t.match(answer, /\r\nX-Lyncgate-Request-Id: \S+\r\n/)
  t.notMatch(answer, /127\.0\.0\.1|contoso\.local/, 'nothing internal')
  if (retryAfterSeconds > 0) t.match(answer, `\r\nRetry-After: ${retryAfterSeconds}\r\n`)
  if (closes) await client.closed()
}

t.test('proxy-fault: a bug ends one exchange with 500 and a logged stack', async (t) => {
  const { httpPort, lines } = await startFaultyListener(t)
  for (const send of [get(), upgradeRequest()]) {
    lines.length = 0
    const client = await openRawClient(t, { port: httpPort })
    client.send(send)
    await checkAnswer(t, 'proxy-fault', client)
    t.match(
      lines.find(({ msg }) => msg === 'fault'),
      { err: { stack: /no routes for the listener/ } },
    )
    t.ok(lines.some(({ outcome }) => outcome === 'proxy-fault'))
  }
})

t.test('client-user-blocked: answered as the server answers, but not passed on', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(UNAUTHORIZED))
  const top = 'signInGuard: { perUser: { failures: 1 } }'
  const proxy = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(get('/', BASIC) + get('/', BASIC))
  const line = await proxy.line(({ outcome }) => outcome === 'client-user-blocked')
  t.equal(line.status, failureOf('client-user-blocked').status)
  const text = await client.until((got) => got.split('\r\n\r\n').length === 3)
  const [first, second] = text.split('\r\n\r\n')
  t.equal(second, first)
})

t.test('none is missing', async (t) => {
  const others = ['proxy-fault', 'client-user-blocked']
  t.same(Object.keys(failures).sort(), [...Object.keys(provocations), ...others].sort())
})
