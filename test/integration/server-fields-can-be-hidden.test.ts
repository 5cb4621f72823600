/** `hideServerFields: true` takes away what names the servers, in every spelling; nothing is added, HSTS is the server's. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const fields = [
  'Server: Microsoft-IIS/8.5',
  'x-powered-BY: ASP.NET',
  'X-Powered-By: ARR/3.0',
  'X-MS-Server-Fqdn: fe01.contoso.local',
  'X-MS-Server-Name: kept',
  'Strict-Transport-Security: max-age=315360000; includeSubDomains',
  'X-AspNet-Version: 4.0.30319',
  'X-MS-diagnostics: 28032;source="fe01.contoso.local"',
]

for (const hides of [false, true]) {
  t.test(hides ? 'hidden' : 'by default they are passed on', async (t) => {
    const backend = await startRecordingBackend(t, (socket, text) => {
      if (text.endsWith('\r\n\r\n'))
        socket.write(`HTTP/1.1 200 OK\r\n${fields.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`)
    })
    const proxy = await startTestProxy(t, {
      servers: [backend],
      pool: 'affinity: none',
      rule: hides ? 'hideServerFields: true' : '',
    })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send('GET /abs HTTP/1.1\r\nHost: lyncweb.contoso.com\r\nConnection: close\r\n\r\n')
    const lines = (await client.closed()).split('\r\n')
    const left = fields.filter((field) => lines.includes(field))
    const shown = fields.filter(
      (field) => !/^(?:server|x-powered-by|x-ms-server-fqdn):/i.test(field),
    )
    t.same(left, hides ? shown : fields)
    t.equal(lines.filter((line) => /^strict-transport/i.test(line)).length, 1, 'nothing is added')
    t.notMatch(hides ? lines.join('\n') : '', /Microsoft-IIS|ASP\.NET|ARR\/3/)
  })
}

t.test('no HSTS and no Server of our own', async (t) => {
  const proxy = await startTestProxy(t, {})
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send('GET /cscp HTTP/1.1\r\nHost: lyncweb.contoso.com\r\nConnection: close\r\n\r\n')
  const text = await client.closed()
  t.match(text, /^HTTP\/1.1 404 /)
  t.notMatch(text, /^(?:strict-transport-security|server|x-powered-by):/im)
})
