/**
 * Mobile clients on the company network (msxfaq.de, Lync Mobile intern): a second listener serves the external names
 * inside, and lyncdiscoverinternal is answered there, by a rule that names the listener.
 */
import t, { type Test } from 'tap'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { startRulesProxy } from '../support/rules-proxy.ts'

async function start(t: Test) {
  const answer = (name: string) =>
    startRecordingBackend(t, (socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`)
    })
  const [outer, inner] = [await answer('outer'), await answer('inner')]
  const pool = (name: string, port: number) =>
    `  ${name}: { product: skype-se, servers: [{ address: 127.0.0.1, http: ${port}, https: ${port} }], tls: { ca: root.pem }, health: { check: none } }\n`
  return startRulesProxy(t, {
    names: ['*.contoso.com'],
    rules: `version: 1
listeners:
  - { name: internet, address: 127.0.0.1, http: 80, https: 443 }
  - { name: inside, address: 127.0.0.2, http: 80, https: 443 }
  - { name: hairpin, address: 127.0.0.1, http: 8880 }
certificates: [{ cert: public.pem, key: public.key }]
pools:
${pool('outer', outer.httpPort)}${pool('inner', inner.httpPort)}rules:
  - { name: Outside, publish: web-services, hosts: [lyncweb.contoso.com], pool: outer, http: forward, listeners: [internet] }
  - { name: Inside, publish: web-services, hosts: [lyncweb.contoso.com], pool: inner, http: forward, listeners: [inside, hairpin], allow: [/cscp] }
  - { name: Discovery, publish: autodiscover, hosts: ["*.contoso.com"], pool: outer }
  - { name: Discovery inside, publish: autodiscover, hosts: [lyncdiscoverinternal.contoso.com], pool: inner, listeners: [inside] }
`,
  })
}

t.test('the same name, another rule, another pool', async (t) => {
  const proxy = await start(t)
  const ask = async (listener: string, host: string, target: string): Promise<string> => {
    const address = listener === 'inside' ? '127.0.0.2' : '127.0.0.1'
    const client = await openRawClient(t, { port: proxy.portsOf(listener).http, address })
    client.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    return client.closed()
  }
  t.match(await ask('internet', 'lyncweb.contoso.com', '/abs'), /^HTTP\/1.1 200[\s\S]*outer$/)
  t.match(await ask('inside', 'lyncweb.contoso.com', '/abs'), /^HTTP\/1.1 200[\s\S]*inner$/)
  t.match(await ask('hairpin', 'lyncweb.contoso.com', '/abs'), /^HTTP\/1.1 200[\s\S]*inner$/)
  t.match(await ask('internet', 'lyncweb.contoso.com', '/cscp'), /^HTTP\/1.1 404 /)
  t.match(await ask('inside', 'lyncweb.contoso.com', '/cscp'), /^HTTP\/1.1 200/)
  t.match(await ask('internet', 'lyncdiscover.contoso.com', '/'), /^HTTP\/1.1 200[\s\S]*outer$/)
  const name = 'lyncdiscoverinternal.contoso.com'
  t.match(await ask('inside', name, '/'), /^HTTP\/1.1 200[\s\S]*inner$/)
  t.match(await ask('internet', name, '/'), /^HTTP\/1.1 404 /)
  t.match(await ask('hairpin', name, '/'), /^HTTP\/1.1 404 /)
})
