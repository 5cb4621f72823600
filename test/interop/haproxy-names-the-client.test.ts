/** A real HAProxy in front, with both versions of the PROXY protocol: clients, TLS passed through, health checks. */
import t, { type Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { anonymous, curl, publishedUrl } from '../support/real-curl.ts'
import { requireHaproxy, startHaproxy } from '../support/real-haproxy.ts'
import { waitUntil } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'
import { publishServer, startProxy } from '../support/real-proxy.ts'

/** Where the client comes from; HAProxy itself connects from 127.0.0.1. */
const CLIENT = '127.0.0.5'
const NAMELESS = 'connection refused: no valid PROXY header'
const SIZE = 1024 * 1024

interface Line {
  readonly msg?: string
  readonly client?: string
  readonly target?: string
  readonly reason?: string
}

interface Setting {
  /** Words of HAProxy's `server` line. */
  readonly server: string
  readonly checkPath?: string
  readonly trusted?: string
}

async function start(t: Test, { server, checkPath, trusted = '127.0.0.1' }: Setting) {
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n${'x'.repeat(SIZE)}`
  const authority = await createAuthority('Back-end test authority')
  const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
  const backend = await startAnsweringBackend(t, answer)
  const secure = await startAnsweringBackend(t, answer, certificate)
  const ports = { http: backend.httpPort, https: secure.httpsPort }
  const rules = publishServer(ports, 'tls: { insecureSkipVerify: true }')
  const proxy = await startProxy(
    t,
    `${rules}trustedProxies: [${trusted}]\n`,
    'proxyProtocol: required',
  )
  const haproxy = await startHaproxy(t, {
    http: proxy.httpPort,
    https: proxy.httpsPort,
    server,
    checkPath,
  })
  const target = { ...haproxy, caFile: proxy.caFile }
  const logs = (): readonly Line[] => proxy.logs() as readonly Line[]
  const get = (scheme: 'http' | 'https', ...paths: readonly string[]) =>
    curl(target, anonymous, [
      '--interface',
      CLIENT,
      ...paths.map((path) => publishedUrl(target, scheme, path)),
    ])
  return { haproxy, logs, get, forwardedFor: () => forwardedFor([backend, secure]) }
}

const forwardedFor = (
  backends: readonly { readonly connections: readonly { readonly text: string }[] }[],
): readonly string[] =>
  backends
    .flatMap(({ connections }) => connections)
    .flatMap(({ text }) => [...text.matchAll(/^X-Forwarded-For: (.*)\r$/gm)])
    .map((match) => match[1] ?? '')

for (const version of ['send-proxy', 'send-proxy-v2', 'send-proxy-v2 proxy-v2-options crc32c']) {
  t.test(version, async (t) => {
    if (!requireHaproxy(t) || !requireProgram(t, 'curl', 'curl')) return
    const { haproxy, logs, get, forwardedFor } = await start(t, {
      server: `${version} check inter 100ms`,
    })
    for (const scheme of ['http', 'https'] as const) {
      const answers = await get(scheme, '/one', '/two')
      t.same(
        answers.map(({ status, body }) => [status, body.length]),
        [
          [200, SIZE],
          [200, SIZE],
        ],
        scheme,
      )
    }
    t.same(forwardedFor(), Array(4).fill(CLIENT))
    const clients = () => logs().flatMap(({ msg, client }) => (msg === 'exchange' ? [client] : []))
    await waitUntil('every request is logged', () => clients().length === 4)
    t.same(clients(), Array(4).fill(CLIENT))
    await waitUntil('checks go through', haproxy.isUp)
    t.same(
      logs().filter(({ msg }) => /refused|failed/.test(msg ?? '')),
      [],
      'and leave nothing in the log',
    )
  })
}

for (const version of ['send-proxy', 'send-proxy-v2']) {
  t.test(`health checks that ask for a page come from HAProxy, ${version}`, async (t) => {
    if (!requireHaproxy(t) || !requireProgram(t, 'curl', 'curl')) return
    const server = `${version} check inter 100ms`
    const { haproxy, logs } = await start(t, { server, checkPath: '/check' })
    await waitUntil('a check has been answered', () =>
      logs().some(({ msg, target }) => msg === 'exchange' && target === '/check'),
    )
    await waitUntil('HAProxy is content', haproxy.isUp)
    t.match(
      logs().find(({ target }) => target === '/check'),
      { client: '127.0.0.1', status: 200 },
    )
  })
}

t.test('HAProxy that sends no header is told so in the log', async (t) => {
  if (!requireHaproxy(t) || !requireProgram(t, 'curl', 'curl')) return
  const { get, logs } = await start(t, { server: '' })
  t.same(await get('http', '/').then((answers) => answers.map(({ status }) => status)), [0])
  await waitUntil('it is logged', () => logs().some(({ msg }) => msg === NAMELESS))
  t.match(
    logs().find(({ msg }) => msg === NAMELESS),
    { peer: '127.0.0.1', reason: 'not a PROXY header' },
  )
})

t.test('HAProxy that is not trusted is turned away', async (t) => {
  if (!requireHaproxy(t) || !requireProgram(t, 'curl', 'curl')) return
  const { get, logs } = await start(t, { server: 'send-proxy', trusted: '192.0.2.1' })
  t.same(await get('http', '/').then((answers) => answers.map(({ status }) => status)), [0])
  const STRANGER = 'connection refused: not a trusted proxy'
  await waitUntil('it is logged', () => logs().some(({ msg }) => msg === STRANGER))
})
