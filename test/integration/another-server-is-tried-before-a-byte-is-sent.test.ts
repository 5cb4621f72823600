/** Promise 3: fail-over happens while nothing was written; after that, nothing is ever sent twice. */
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import {
  type Authority,
  type CertificateRequest,
  createAuthority,
} from '../../src/lab/authority.ts'
import { connectThrough, HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return typeof address === 'object' && address ? address.port : 0
}

t.test('a server that cannot be connected', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(OK))
  const servers = [{ httpPort: await closedPort() }, backend]
  const proxy = await startTestProxy(t, { servers })
  const sources = new Set<string>()
  for (let n = 0; n < 8; n++) {
    const client = await connectThrough(t, proxy, 'http')
    t.equal((await client.request(`GET /${n}`, [HOST])).status, 200)
    const line = await proxy.line(({ target }) => target === `/${n}`)
    sources.add(line.affinity ?? '')
    if (line.affinity === 'failover') t.match(line.reason, /^127\.0\.0\.1: ECONNREFUSED$/)
  }
  t.ok(sources.has('failover'))
  t.ok(sources.has('balance'), 'it is avoided for a while afterwards')
})

t.test('the cookie of a server that has gone is re-issued for another one', async (t) => {
  const backends = [
    await startRecordingBackend(t, (socket) => socket.write(OK)),
    await startRecordingBackend(t, (socket) => socket.write(OK)),
  ]
  const proxy = await startTestProxy(t, { servers: backends })
  const client = await connectThrough(t, proxy, 'http')
  const first = await client.request('GET /', [HOST])
  const cookie = (first.header('set-cookie') ?? '').split(';')[0]
  const [gone, other] = backends[0]?.connections.length === 1 ? backends : [...backends].reverse()
  await gone?.stop()
  const later = await connectThrough(t, proxy, 'http')
  const second = await later.request('GET /again', [HOST, `Cookie: ${cookie}`])
  t.equal(second.status, 200)
  t.match(second.header('set-cookie'), /^MS-WSMAN=/)
  t.notMatch(second.header('set-cookie'), cookie)
  t.equal(other?.connections.length, 1)
})

t.test('when all have gone the answer is 503, in our form', async (t) => {
  const servers = [{ httpPort: await closedPort() }, { httpPort: await closedPort() }]
  const proxy = await startTestProxy(t, { servers })
  const client = await connectThrough(t, proxy, 'http')
  const answer = await client.request('GET /', [HOST])
  t.equal(answer.status, 503)
  t.match(answer.header('retry-after'), /^\d+$/)
  t.match(answer.header('x-lyncgate-request-id'), /./)
  t.match(answer.header('content-type'), 'text/plain')
  t.notMatch(answer.body.toString(), /127\.0\.0\.1|ECONN/)
  t.match(await proxy.line(({ status }) => status === 503), {
    outcome: 'backend-unreachable',
    reason: '127.0.0.1: ECONNREFUSED; 127.0.0.1: ECONNREFUSED',
  })
  t.equal((await client.request('GET /again', [HOST])).status, 503, 'the connection is kept')
})

t.test('a server that accepts but never speaks TLS', async (t) => {
  const authority = await createAuthority('Root')
  const silent = await startRecordingBackend(t)
  const good = await tlsBackend(t, authority, { names: ['pool01.contoso.local'] })
  for (const servers of [[silent], [silent, good]]) {
    const proxy = await startTestProxy(t, {
      servers,
      authority,
      top: 'timeouts: { connect: 300ms }',
    })
    for (let n = 0; n < 3; n++) {
      const client = await connectThrough(t, proxy, 'https')
      const answer = await client.request('GET /', [HOST])
      t.equal(answer.status, servers.length === 1 ? 503 : 200)
    }
    await proxy.line(({ reason }) => reason === '127.0.0.1: no connection within 300 ms')
  }
})

function tlsBackend(t: Test, authority: Authority, request: CertificateRequest) {
  return authority
    .issue(request)
    .then((certificate) => startRecordingBackend(t, (socket) => socket.write(OK), certificate))
}

t.test('a certificate that does not hold', async (t) => {
  const authority = await createAuthority('Root')
  const stranger = await createAuthority('Stranger')
  const names = ['pool01.contoso.local']
  const cases = [
    [
      'for another name',
      authority,
      { names: ['other.contoso.local'] },
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['of an unknown authority', stranger, { names }, /UNABLE_TO|SELF_SIGNED/],
    [
      'that has expired',
      authority,
      { names, notAfter: new Date(Date.now() - 1000) },
      'CERT_HAS_EXPIRED',
    ],
    [
      'not valid yet',
      authority,
      { names, notBefore: new Date(Date.now() + 1e7) },
      'CERT_NOT_YET_VALID',
    ],
  ] as const
  const good = await tlsBackend(t, authority, { names })
  for (const [what, issuer, request, reason] of cases) {
    t.test(what, async (t) => {
      const bad = await tlsBackend(t, issuer, request)
      const alone = await startTestProxy(t, { servers: [bad], authority })
      const client = await connectThrough(t, alone, 'https')
      for (let n = 0; n < 2; n++) t.equal((await client.request('GET /', [HOST])).status, 503)
      t.match((await alone.line(({ status }) => status === 503)).reason, reason)
      const beside = await startTestProxy(t, { servers: [bad, good], authority })
      for (let n = 0; n < 3; n++) {
        const other = await connectThrough(t, beside, 'https')
        t.equal((await other.request('GET /', [HOST])).status, 200)
      }
      t.equal(
        bad.connections.map(({ text }) => text).join(''),
        '',
        'it never saw a byte of a request',
      )
    })
  }
})
