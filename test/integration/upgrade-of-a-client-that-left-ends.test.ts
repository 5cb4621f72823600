/** A client that ends its side before the server's 101: the upgrade is given up and both connections are closed. */
import t from 'tap'
import { whenClosed } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'

const UPGRADE = `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`

for (const early of ['', 'early bytes']) {
  t.test(`${early || 'no bytes'} behind the request`, async (t) => {
    const backend = await startRecordingBackend(t)
    const proxy = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(UPGRADE + early)
    const recorded = await backend.connection(0)
    await recorded.until((text) => text.includes('\r\n\r\n'))
    client.socket.end()
    t.equal(await client.closed(), '')
    await whenClosed(recorded)
    t.match(await proxy.line((line) => line.msg === 'exchange'), { outcome: 'client-left' })
  })
}
