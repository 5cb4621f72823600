/** It reads what Node has no public name for: if that goes away, a slow reader can no longer be told from a fast one. */
import { once } from 'node:events'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { bytesSent } from '../../../src/forward/bytes-sent.ts'
import { createAuthority } from '../../../src/lab/authority.ts'
import { settled } from '../../support/settled.ts'

const TOTAL = 64 * 1024 * 1024

async function check(t: Test, sender: Socket, reader: Socket): Promise<void> {
  reader.pause()
  t.teardown(() => [sender, reader].map((socket) => socket.destroy()))
  sender.write(Buffer.alloc(TOTAL))
  const stuck = await settled(() => bytesSent(sender))
  t.ok(stuck > 0 && stuck < TOTAL, `${stuck} bytes are in the kernel`)
  t.ok(sender.writableLength > 0)
  // One write has not come to its end, and still it is seen that a part of it has gone.
  let read = 0
  const readSome = (bytes: Buffer): void => {
    read += bytes.length
    if (read < TOTAL / 8) return
    reader.off('data', readSome)
    reader.pause()
  }
  reader.on('data', readSome)
  reader.resume()
  const more = await settled(() => bytesSent(sender))
  t.ok(more > stuck && more < TOTAL, `${more} bytes a little later`)
  t.ok(sender.writableLength > 0)
  reader.resume()
  await once(sender, 'drain')
  t.ok(bytesSent(sender) >= TOTAL)
}

t.test('TCP', async (t) => {
  const server = createServer()
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const reader = connectTcp(port, '127.0.0.1')
  const [sender] = (await once(server, 'connection')) as [Socket]
  await check(t, sender, reader)
})

t.test('TLS', async (t) => {
  const authority = await createAuthority('Test Root')
  const { certPem, keyPem } = await authority.issue({ names: ['a.test'] })
  const server = createTlsServer({ cert: certPem, key: keyPem })
  t.teardown(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const ca = authority.certificatePem
  const reader = connectTls({ port, host: '127.0.0.1', servername: 'a.test', ca })
  const [sender] = (await once(server, 'secureConnection')) as [Socket]
  await check(t, sender, reader)
})
