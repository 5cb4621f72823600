/** A listener that does not read is dropped; it keeps nobody's memory. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import t from 'tap'
import { openEventStream } from '../../../../src/admin/live/event-stream.ts'

t.test('a slow reader is dropped', async (t) => {
  let whenClosed = (): void => {}
  const closed = new Promise<void>((resolve) => {
    whenClosed = resolve
  })
  let sent = 0
  const server = createServer((_req, response) => {
    const stream = openEventStream(response, {}, whenClosed)
    const megabyte = JSON.stringify('x'.repeat(1024 * 1024))
    for (; sent < 100 && !response.destroyed; sent++) stream.send('status', megabyte)
    // To a connection that has gone nothing is written, and nothing is thrown.
    stream.send('status', '{}')
    stream.end('stopping')
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  t.teardown(() => client.destroy())
  client.pause()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await closed
  t.ok(sent < 100, `dropped after ${sent} MiB`)
})
