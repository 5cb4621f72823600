/** `rewriteLocation`: off, a Location stays as it is; on, the server's own address becomes the published one. */
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'

for (const isOn of [false, true]) {
  t.test(`rewriteLocation: ${isOn}`, async (t) => {
    let ownUrl = ''
    const backend = await startAnsweringBackend(t, () =>
      [
        'HTTP/1.1 302 Found',
        `location: ${ownUrl}`,
        `Content-Location: ${ownUrl}`,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    )
    ownUrl = `http://127.0.0.1:${backend.httpPort}/a?b`
    const { httpPort } = await startTestProxy(t, {
      servers: [backend],
      pool: `affinity: none\nrewriteLocation: ${isOn}`,
    })
    const client = await openRawClient(t, { port: httpPort })
    client.send('GET / HTTP/1.1\r\nHost: LyncWeb.contoso.com:81\r\n\r\n')
    const text = await client.until((bytes) => bytes.endsWith('\r\n\r\n'))
    const location = isOn ? 'http://lyncweb.contoso.com:81/a?b' : ownUrl
    t.equal(
      text,
      `HTTP/1.1 302 Found\r\nlocation: ${location}\r\nContent-Location: ${ownUrl}\r\nContent-Length: 0\r\n\r\n`,
    )
  })
}
