/** `guestJoin: true` adds `sl=1` to meeting links and to nothing else; not a byte more changes. */
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const joined: Readonly<Record<string, string>> = {
  '/alice/7BCD22KQ': '/alice/7BCD22KQ?sl=1',
  "/john.o'neil/7BCD22KQ?a=%2525&b=<c>?d": "/john.o'neil/7BCD22KQ?a=%2525&b=<c>?d&sl=1",
  '/m%fcller//7BCD22KQ/?': '/m%fcller//7BCD22KQ/?sl=1',
  '/Meet/alice/7BCD22KQ?x': '/Meet/alice/7BCD22KQ?x&sl=1',
  '/contoso.com/meet/admin/7BCD22KQ': '/contoso.com/meet/admin/7BCD22KQ?sl=1',
}
const untouched = [
  '/',
  '/alice',
  '/alice/7BCD22KQ?sl=0',
  '/alice/7BCD22KQ?a&SL=',
  '/meet/JavaScript/launch.js',
  '/meet/Images/a.png?b',
  '/lwa/Webpages/LwaClient.aspx',
  '/lwa/webpages',
  '/ucwa/v1/applications/1/events?ack=1',
  '/a%zz/b%25?c?d',
]

t.test('meeting links', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  const proxy = await startTestProxy(t, {
    servers: [backend],
    publish: 'meet',
    hosts: ['meet.contoso.com'],
    rule: 'guestJoin: true',
  })
  const arrives = async (method: string, target: string): Promise<string> => {
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(
      `${method} ${target} HTTP/1.1\r\nHost: meet.contoso.com\r\nConnection: close\r\n\r\n`,
    )
    t.match(await client.closed(), /^HTTP\/1.1 200/, target)
    return backend.connections.at(-1)?.text.split(' HTTP/1.1')[0] ?? ''
  }
  for (const [target, expected] of Object.entries(joined))
    t.equal(await arrives('GET', target), `GET ${expected}`)
  for (const target of untouched) t.equal(await arrives('GET', target), `GET ${target}`)
  t.equal(await arrives('HEAD', '/alice/7BCD22KQ'), 'HEAD /alice/7BCD22KQ')
})
