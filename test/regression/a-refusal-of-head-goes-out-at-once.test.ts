/**
 * Found by the fuzzer: an answer of ours to HEAD whose body does not come was held back until we stopped reading, three
 * seconds later, because Node sends a head along with the first byte of a body.
 */
import t from 'tap'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'

t.test('the head is there before the rest of the request is given up', async (t) => {
  const backend = await startAnsweringBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send('HEAD / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\n')
  t.match(await client.until((text) => text.endsWith('\r\n\r\n')), /^HTTP\/1\.1 421 /)
  t.notOk(
    proxy.lines.some(({ outcome }) => outcome === 'client-not-published'),
    'the exchange goes on: the rest is still read',
  )
  client.send('hello')
  await client.closed()
  await proxy.line(({ outcome }) => outcome === 'client-not-published')
})
