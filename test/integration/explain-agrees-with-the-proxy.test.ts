/**
 * `lyncgate explain` and the serving proxy say the same of any URL: kind, status, code, Location, and the target that the
 * server sees, byte for byte. Asked over real sockets, for URLs made of names, spellings and ports that matter.
 */
import fc from 'fast-check'
import t from 'tap'
import { type Explanation, explain } from '../../src/cli/explanation.ts'
import { loadRules } from '../../src/config/load.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { buildSnapshot } from '../../src/runtime/build-snapshot.ts'
import { openRawClient } from '../support/raw-client.ts'
import { realisticUrls } from '../support/realistic-urls.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { startRulesProxy } from '../support/rules-proxy.ts'

const rulesOf = (mode: string, port: number): string => `version: 1
sipDomains: [contoso.com, fabrikam.com]
listeners:
  - { name: internet, address: 127.0.0.1, http: 80, https: 443 }
  - { name: inside, address: 127.0.0.1, http: 8080 }
certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: skype-se
    health: { check: none }
    servers: [{ address: 127.0.0.1, http: ${port}, https: 9 }]
    affinity: none
    tls: { ca: root.pem }
rules:
  - { name: Web, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01, http: forward, phones: true, allow: [/Scheduler, /büro], deny: [/Reach] }
  - { name: Redirected, publish: web-services, hosts: [lyncweb.fabrikam.com], pool: pool01, phones: true }
  - { name: Meetings, publish: meet, hosts: ["meet.{sipDomain}"], pool: pool01, http: forward, guestJoin: true }
  - { name: Discovery, publish: autodiscover, hosts: ["lyncdiscover.{sipDomain}"], pool: pool01, https: refuse }
  - { name: Discovery inside, publish: autodiscover, hosts: [lyncdiscoverinternal.contoso.com], pool: pool01, listeners: [inside] }
  - { name: Rest, publish: dialin, hosts: ["*.contoso.com"], pool: pool01, http: forward }
policy: { paths: ${mode} }
`

const hosts = [
  'lyncweb.contoso.com',
  'LyncWeb.contoso.com.',
  'lyncweb.fabrikam.com',
  'meet.contoso.com',
  'meet.fabrikam.com',
  'dialin.contoso.com',
  'lyncdiscover.contoso.com',
  'lyncdiscover.fabrikam.com',
  'lyncdiscoverinternal.contoso.com',
  'admin.contoso.com',
  'other.example',
]

const pieces = [
  '/',
  '//',
  '/cscp',
  '/abs',
  '/meet',
  '/Reach',
  '/reach',
  '/Scheduler',
  '/büro',
  '/admin',
  '/RequestHandler',
  '/Files/UCPhone',
  '/CertProv/CertProvisioningService.svc/anon',
  '/alice/7BCD22KQ',
  '/lwa',
  '/..',
  '/%2e%2e',
  '%2f',
  '%5c',
  '\\',
  ';x',
  '::$DATA',
  '.',
  '%20',
  '%00',
  '%c0%ae',
  '%252e',
  '%u0063scp',
  '/(S(x))',
  '/OCSPOW~1',
  '?',
  '?sl=1',
  '?meeturl=aHR0cHM6Ly9ldmlsLw==',
  '&a=<b>',
  '#',
  '%zz',
  '%',
  'é',
  '/x.svc',
  "/o'neil",
  '/conf',
]

const url = fc.record({
  host: fc.constantFrom(...hosts),
  listener: fc.constantFrom('internet', 'internet', 'inside'),
  method: fc.constantFrom('GET', 'GET', 'OPTIONS', 'TRACE'),
  target: fc.oneof(
    fc.constantFrom(...realisticUrls.flatMap(({ targets }) => targets)),
    fc
      .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 })
      .map((parts) => `/${parts.join('').replace(/^\//, '')}`),
  ),
})

for (const mode of ['guard', 'strict', 'observe']) {
  t.test(`in ${mode}`, async (t) => {
    const backend = await startRecordingBackend(t, (socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    })
    const proxy = await startRulesProxy(t, {
      rules: rulesOf(mode, backend.httpPort),
      names: ['*.contoso.com', 'meet.fabrikam.com'],
    })
    const loaded = await loadRules(proxy.rules)
    if (!loaded.ok) throw new Error('the file cannot be read')
    const scope = { registry: new ServerRegistry(), revision: 0, now: new Date() }
    const built = await buildSnapshot(loaded.value, scope)
    if (!built.ok) throw new Error('the file cannot be used')

    const seen = new Set<string>()
    const property = fc.asyncProperty(url, async ({ host, listener, method, target }) => {
      // A person may write what a client escapes.
      const escaped = target.replace(/[^\x20-\x7e]/gu, (char) => encodeURIComponent(char))
      const call = { url: `http://${host}${target}`, method, client: '127.0.0.1', listener }
      const said = explain(call, built.value)
      if (typeof said === 'string') throw new Error(said)
      const before = backend.connections.length
      const client = await openRawClient(t, { port: proxy.portsOf(listener).http })
      client.send(`${method} ${escaped} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      const text = await client.closed()
      const arrived = backend.connections
        .slice(before)
        .map((each) => each.text.split(' HTTP/1.1')[0])
      seen.add(said.code ?? said.result)
      compare(said, { text, arrived, method })
    })
    await fc.assert(property, { numRuns: 250, seed: 20261122, endOnFailure: true })
    for (const kind of [
      'forward',
      'redirect',
      'policy-refused',
      'policy-undecidable',
      'client-not-published',
    ])
      t.ok(seen.has(kind), `${kind} was among them`)
  })
}

interface Served {
  readonly text: string
  /** Method and target of each request that reached the server. */
  readonly arrived: readonly (string | undefined)[]
  readonly method: string
}

function compare(said: Explanation, { text, arrived, method }: Served): void {
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
  const expected = said.result === 'forward' ? 200 : said.status
  if (status !== expected) throw new Error(`${status} instead of ${expected}`)
  const targets = said.target === null ? [] : [`${method} ${said.target}`]
  if (JSON.stringify(arrived) !== JSON.stringify(targets))
    throw new Error(`${JSON.stringify(arrived)} instead of ${JSON.stringify(targets)}`)
  const location = /^Location: (.*)$/im.exec(text)?.[1]?.trimEnd()
  if (said.location !== null && location !== said.location)
    throw new Error(`${location} instead of ${said.location}`)
}

t.test('the handshake agrees too', async (t) => {
  const backend = await startRecordingBackend(t)
  const proxy = await startRulesProxy(t, {
    rules: rulesOf('guard', backend.httpPort),
    names: ['*.contoso.com', 'meet.fabrikam.com'],
  })
  const loaded = await loadRules(proxy.rules)
  if (!loaded.ok) throw new Error('the file cannot be read')
  const scope = { registry: new ServerRegistry(), revision: 0, now: new Date() }
  const built = await buildSnapshot(loaded.value, scope)
  if (!built.ok) throw new Error('the file cannot be used')
  for (const host of hosts.filter((name) => !name.endsWith('.'))) {
    const call = { url: `https://${host}/cscp`, method: 'GET', client: '::1', listener: undefined }
    const said = explain(call, built.value)
    if (typeof said === 'string') throw new Error(said)
    const tls = { serverName: host, ca: proxy.ca }
    const client = await openRawClient(t, { port: proxy.httpsPort, tls }).catch(
      ({ code }: NodeJS.ErrnoException) => code,
    )
    if (typeof client !== 'object') {
      t.equal(client, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', host)
      t.equal(said.result, 'handshake-refused', host)
      continue
    }
    client.send(`GET /cscp HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    compare(said, { text: await client.closed(), arrived: [], method: 'GET' })
  }
})
