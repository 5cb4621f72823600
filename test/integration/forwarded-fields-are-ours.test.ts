/** X-Forwarded-For, -Proto and -Host say what the proxy saw; only proxies of `trustedProxies` are believed. */
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'

const SPOOFED = [
  'X-Forwarded-For: 192.0.2.1',
  'x-forwarded-for: 192.0.2.2, 198.51.100.7',
  'X_Forwarded_For: 192.0.2.3',
  'X-Forwarded_For: 192.0.2.4',
  'X.Forwarded.For: 192.0.2.5',
  'X-Forwarded-Proto: gopher',
  'X-FORWARDED-HOST: evil.example',
  'X-Forwarded-Port: 1',
  'X_FORWARDED_PROTO: gopher',
  'Forwarded: for=192.0.2.6',
]

interface Seen {
  readonly lines: readonly string[]
  readonly client: string | undefined
}

type Test = Parameters<typeof openRawClient>[0]

async function seen(t: Test, fields: readonly string[], options: { top?: string; tls?: boolean }) {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend], top: options.top ?? '' })
  const client = await openRawClient(t, { port: proxy.httpPort })
  const head = ['GET / HTTP/1.1', 'Host: LyncWeb.contoso.com:80', ...fields].join('\r\n')
  client.send(`${head}\r\n\r\n`)
  await client.until((text) => text.endsWith('ok'))
  const { text } = await backend.connection(0)
  const line = await proxy.line((entry) => entry.msg === 'exchange')
  const lines = text.split('\r\n').filter((field) => /^(x.)?forwarded/i.test(field))
  return { lines, client: line.client } satisfies Seen
}

const PLAIN = ['X-Forwarded-Proto: http', 'X-Forwarded-Host: LyncWeb.contoso.com:80']

t.test('what a client says is dropped, in any spelling', async (t) => {
  t.same(await seen(t, SPOOFED, {}), {
    lines: ['X-Forwarded-For: 127.0.0.1', ...PLAIN],
    client: '127.0.0.1',
  })
})

t.test('an address outside the trusted networks is a client like any other', async (t) => {
  t.same(await seen(t, SPOOFED, { top: 'trustedProxies: [127.0.0.2, 192.0.2.0/24]' }), {
    lines: ['X-Forwarded-For: 127.0.0.1', ...PLAIN],
    client: '127.0.0.1',
  })
})

t.test('what a trusted proxy says is kept and continued', async (t) => {
  const fields = [
    'X-Forwarded-For: 203.0.113.9, 198.51.100.7',
    'x-forwarded-for: 127.0.0.5',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: lync.example',
    'X-Forwarded-Port: 443',
    'X_Forwarded_For: 192.0.2.3',
  ]
  t.same(await seen(t, fields, { top: 'trustedProxies: [127.0.0.0/8]' }), {
    lines: [
      'X-Forwarded-Port: 443',
      'X-Forwarded-For: 203.0.113.9, 198.51.100.7, 127.0.0.5, 127.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: lync.example',
    ],
    // The last one that is not a trusted proxy itself: what stands before it, the client may have written.
    client: '198.51.100.7',
  })
})

t.test('a trusted proxy that says nothing', async (t) => {
  t.same(await seen(t, [], { top: 'trustedProxies: [127.0.0.1]' }), {
    lines: ['X-Forwarded-For: 127.0.0.1', ...PLAIN],
    client: '127.0.0.1',
  })
})

t.test('nonsense from a trusted proxy does no harm', async (t) => {
  for (const value of ['', ',', 'unknown', 'fe80::1%eth0', '[::1', '1.2.3.4.5', '127.0.0.1:x']) {
    const { client } = await seen(t, [`X-Forwarded-For: ${value}`], {
      top: 'trustedProxies: [127.0.0.0/8]',
    })
    t.match(client, /^(127\.0\.0\.1|fe80::1%eth0)$/, value)
  }
})
