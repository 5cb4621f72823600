/**
 * Many SIP domains, one certificate (msxfaq.de, Lync mit vielen SIP-Domains): lyncdiscover of a domain without one is
 * HTTP only, and its handshake ends rather than show a wrong certificate; meet per domain, one dial-in; names for inside
 * are 404 although a wildcard in the rule and in the certificate would cover them.
 */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadRules } from '../../src/config/load.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { checkReferences } from '../../src/runtime/build-snapshot.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { type RulesProxy, startRulesProxy } from '../support/rules-proxy.ts'

const rulesOf = (backend: number): string => `version: 1
sipDomains: [contoso.com, fabrikam.com]
listeners: [{ name: internet, address: 127.0.0.1, http: 80, https: 443 }]
certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: skype-se
    servers: [{ address: 127.0.0.1, http: ${backend}, https: ${backend} }]
    tls: { ca: root.pem }
    health: { check: none }
rules:
  - { name: Autodiscover, publish: autodiscover, hosts: [lyncdiscover.contoso.com], pool: pool01 }
  - { name: Without certificate, publish: autodiscover, hosts: [lyncdiscover.fabrikam.com], pool: pool01, https: refuse }
  - { name: Meetings, publish: meet, hosts: ["meet.{sipDomain}"], pool: pool01, http: forward }
  - { name: Dial-in, publish: dialin, hosts: [dialin.contoso.com], pool: pool01, http: forward }
  - { name: The rest, publish: web-services, hosts: ["*.contoso.com"], pool: pool01, http: forward }
`

async function start(t: Test) {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  const proxy = await startRulesProxy(t, {
    rules: rulesOf(backend.httpPort),
    // That lyncdiscover.fabrikam.com is covered shows that the rule decides, not the certificate.
    names: ['*.contoso.com', 'meet.fabrikam.com', 'lyncdiscover.fabrikam.com'],
  })
  return { backend, proxy }
}

async function ask(t: Test, proxy: RulesProxy, url: string): Promise<string> {
  const [, scheme, host = '', target = '/'] = /^(https?):\/\/([^/]+)(.*)$/.exec(url) ?? []
  const client = await openRawClient(
    t,
    scheme === 'https'
      ? { port: proxy.httpsPort, tls: { serverName: host, ca: proxy.ca } }
      : { port: proxy.httpPort },
  )
  client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  return client.closed()
}

t.test('lyncdiscover of a domain without certificate is HTTP only', async (t) => {
  const { proxy } = await start(t)
  t.match(await ask(t, proxy, 'http://lyncdiscover.fabrikam.com/?sipuri=x'), /^HTTP\/1.1 200/)
  await t.rejects(ask(t, proxy, 'https://lyncdiscover.fabrikam.com/'), {
    code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
  })
  t.match(await ask(t, proxy, 'http://lyncdiscover.contoso.com/'), /^HTTP\/1.1 200/)
  await t.rejects(ask(t, proxy, 'https://meet.example.com/'), {
    code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
  })
})

t.test('check says which entries are missing, and both ways out', async (t) => {
  const authority = await createAuthority('Test Root')
  const { certPem, keyPem } = await authority.issue({ names: ['*.contoso.com'] })
  const directory = t.testdir({
    'public.pem': certPem,
    'public.key': keyPem,
    'root.pem': authority.certificatePem,
    'lyncgate.yaml': rulesOf(4443).replace(', https: refuse', ''),
  })
  const loaded = await loadRules(join(directory, 'lyncgate.yaml'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const scope = { registry: new ServerRegistry(), revision: 0, now: new Date() }
  const { problems: found } = await checkReferences(loaded.value, scope)
  t.match(
    found.filter(({ code }) => code === 'host-without-certificate'),
    [
      {
        line: 13,
        message: /no certificate covers lyncdiscover\.fabrikam\.com/,
        hint: /DNS:lyncdiscover\.fabrikam\.com.*"https: refuse"/,
      },
      { line: 14, message: /meet\.fabrikam\.com/, hint: /have DNS:meet\.fabrikam\.com added/ },
    ],
  )
})

t.test('the name cannot be reached through the handshake of another one', async (t) => {
  const { proxy, backend } = await start(t)
  const tls = { serverName: 'meet.contoso.com', ca: proxy.ca }
  const client = await openRawClient(t, { port: proxy.httpsPort, tls })
  client.send('GET / HTTP/1.1\r\nHost: lyncdiscover.fabrikam.com\r\nConnection: close\r\n\r\n')
  t.match(await client.closed(), /^HTTP\/1.1 421 /)
  t.equal(backend.connections.length, 0)
})

t.test('each domain has its meetings, all share one dial-in page', async (t) => {
  const { proxy } = await start(t)
  for (const host of ['meet.contoso.com', 'meet.fabrikam.com', 'dialin.contoso.com'])
    t.match(await ask(t, proxy, `http://${host}/`), /^HTTP\/1.1 200/, host)
  t.match(await ask(t, proxy, 'http://dialin.fabrikam.com/'), /^HTTP\/1.1 421/)
})

t.test('names for inside are 404, on either port', async (t) => {
  const { proxy, backend } = await start(t)
  for (const scheme of ['http', 'https']) {
    for (const name of ['lyncdiscoverinternal', 'admin', 'LyncDiscoverInternal'])
      t.match(await ask(t, proxy, `${scheme}://${name}.contoso.com/`), /^HTTP\/1.1 404 /, name)
  }
  t.match(await ask(t, proxy, 'http://lyncdiscoverinternal.fabrikam.com/'), /^HTTP\/1.1 404 /)
  t.match(await ask(t, proxy, 'http://lyncdiscoverinternal.contoso.com./'), /^HTTP\/1.1 404 /)
  t.equal(backend.connections.length, 0, 'nothing reached a server')
  t.match(
    proxy.lines.find(({ host }) => host === 'admin.contoso.com'),
    {
      outcome: 'policy-internal-name',
    },
  )
})
