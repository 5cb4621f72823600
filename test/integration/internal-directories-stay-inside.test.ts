/**
 * Promise 6: a server that answers on every internal directory (what a bridge to 443 instead of 4443 does) leaks
 * nothing, however the path is spelt, on either port.
 */
import t from 'tap'
import { startLab } from '../../src/lab/lab.ts'
import { internalDirectories } from '../../src/policy/catalogue.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'

const spell = (name: string): string[] => [
  `/${name}`,
  `/${name.toUpperCase()}/`,
  `/${name}/x?y=/meet`,
  `/%${name.charCodeAt(0).toString(16)}${name.slice(1)}/`,
  `/%25${name.charCodeAt(0).toString(16)}${name.slice(1)}/`,
  `/meet/../${name}/`,
  `/meet/%2e%2e/${name}/`,
  `//${name}/`,
  `/${name};a=b/`,
  `/${name}./`,
  `/${name}%20/`,
  `/${name}::$DATA`,
  `/(S(x))/${name}/`,
  `/\\${name}\\`,
  `/%u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
  `/x.svc/../../${name}/`,
  `/%e2%80%8b${name}%c2%a0/`,
  `/%e2%88%95${name}`,
  `/%5c%5c%3f%5c${name}`,
]

for (const isTls of [false, true]) {
  t.test(isTls ? 'over TLS' : 'over plain HTTP', async (t) => {
    const lab = await startLab()
    t.teardown(() => lab.close())
    const { authority } = lab
    const proxy = await startTestProxy(t, { servers: lab.pool, authority, rule: 'http: forward' })
    const tls = { serverName: 'lyncweb.contoso.com', ca: proxy.ca }
    const client = await openRawClient(
      t,
      isTls ? { port: proxy.httpsPort, tls } : { port: proxy.httpPort },
    )
    let answers = 0
    for (const { path } of internalDirectories('skype-se')) {
      const scheme = isTls ? 'https' : 'http'
      const absolute = `${scheme}://lyncweb.contoso.com${path}/`
      for (const target of [...spell(path.slice(1)), absolute]) {
        client.send(`GET ${target} HTTP/1.1\r\nHost: lyncweb.contoso.com\r\n\r\n`)
        answers++
        await client.until((text) => text.split('X-Lyncgate-Request-Id').length > answers)
      }
    }
    t.notMatch(client.text, /LEAK/)
    t.equal(client.text.split('HTTP/1.1 404 ').length - 1, answers, 'each is a plain 404')
    t.same(
      lab.servers.flatMap(({ records }) => records),
      [],
      'nothing reached a server',
    )
    const line = proxy.lines.find(({ target }) => target === '/meet/%2e%2e/cscp/')
    t.match(line, { outcome: 'policy-refused', status: 404, reason: /cscp.*internal only/i })
  })
}

t.test('what the lab would have answered without the proxy is a leak', async (t) => {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const tls = { serverName: 'fe01.contoso.local', ca: lab.authority.certificatePem }
  const client = await openRawClient(t, { port: lab.pool[0].httpsPort, tls })
  client.send('GET /cscp/ HTTP/1.1\r\nHost: lyncweb.contoso.com\r\n\r\n')
  t.match(await client.until((text) => text.includes('LEAK')), /LEAK: cscp/)
})
