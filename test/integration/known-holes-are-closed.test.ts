/** CVE-2023-41763 in front of the servers: links of the join page pass byte for byte, others are refused and logged. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const PAGE = '/lwa/Webpages/LwaClient.aspx'

for (const mode of ['guard', 'observe', 'strict']) {
  t.test(`in ${mode}`, async (t) => {
    const backend = await startRecordingBackend(t, (socket, text) => {
      if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
    const proxy = await startTestProxy(t, {
      servers: [backend],
      hosts: ['lyncweb.contoso.com', '*.meet.contoso.com'],
      top: `policy: { paths: ${mode} }`,
    })
    const ask = async (target: string): Promise<string> => {
      const client = await openRawClient(t, { port: proxy.httpPort })
      client.send(
        `GET ${target} HTTP/1.1\r\nHost: lyncweb.contoso.com\r\nConnection: close\r\n\r\n`,
      )
      return client.closed()
    }
    const good = [
      `${PAGE}?legacy=RmFsc2U!&xml=&meeturl=${base64('https://lyncweb.contoso.com/meet/al/7322994')}`,
      `${PAGE}?meeturl=${base64('https://a.meet.contoso.com/al/7322994').replaceAll('=', '!')}`,
    ]
    for (const target of good) {
      t.match(await ask(target), /^HTTP\/1.1 200/, target)
      t.ok(backend.connections.at(-1)?.text.startsWith(`GET ${target} HTTP/1.1\r\n`))
    }
    const before = backend.connections.length
    const evil = base64('https://evil.example/?id=1')
    for (const target of [
      `${PAGE}?meeturl=${evil}`,
      `${PAGE}?%u006deetUrl=${evil}`,
      `/x/..%2flwa/Webpages/LwaClient.aspx?a?meeturl=${evil}`,
      `${PAGE}?meeturl=${base64('http://lyncweb.contoso.com:5985/wsman')}`,
    ]) {
      t.match(await ask(target), /^HTTP\/1.1 404 /, target)
    }
    t.equal(backend.connections.length, before, 'nothing reached a server')
    const refused = proxy.lines.filter(({ outcome }) => outcome === 'policy-virtual-patch')
    t.ok(refused.length >= 3)
    t.match(refused[0], { status: 404, reason: /CVE-2023-41763/, rule: 'Web services' })
  })
}
