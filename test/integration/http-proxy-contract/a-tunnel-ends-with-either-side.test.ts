/** From the 101 on: bytes both ways, the end of one side is the end of the other, silence has an end. */
import t, { type Test } from 'tap'
import { startTestProxy } from '../../support/proxy.ts'
import { openRawClient } from '../../support/raw-client.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'
import { switching, upgradeRequest } from '../../support/upgrade.ts'

async function openTunnel(t: Test, top = '') {
  const backend = await startRecordingBackend(t, (socket, text) => {
    if (text.endsWith('\r\n\r\n')) socket.write(switching())
  })
  const proxy = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(upgradeRequest())
  await client.until((got) => got.endsWith('\r\n\r\n'))
  return { proxy, client, connection: await backend.connection(0) }
}

const logged = { outcome: 'done', status: 101 }

t.test('bytes go both ways', async (t) => {
  const { client, connection, proxy } = await openTunnel(t)
  client.send('to the server')
  await connection.until((text) => text.endsWith('to the server'))
  connection.socket.write('to the client')
  await client.until((got) => got.endsWith('to the client'))
  client.socket.destroy()
  t.match(await proxy.line(({ status }) => status === 101), { ...logged, requestBytes: 13 })
})

t.test('a large transfer each way, with back-pressure', async (t) => {
  const { client, connection } = await openTunnel(t)
  const bytes = 20_000_000
  client.send(Buffer.alloc(bytes, 'a'))
  await connection.until((text) => text.length > bytes)
  connection.socket.write(Buffer.alloc(bytes, 'b'))
  await client.until((got) => got.length > bytes)
})

t.test('the client closes', async (t) => {
  const { client, connection, proxy } = await openTunnel(t)
  client.socket.end('bye')
  await t.rejects(connection.until(() => false))
  t.match(connection.text, /bye$/)
  t.match(await proxy.line(({ status }) => status === 101), logged)
})

t.test('the client resets: so does the server side', async (t) => {
  const { client, connection, proxy } = await openTunnel(t)
  const broken = new Promise<NodeJS.ErrnoException>((resolve) =>
    connection.socket.on('error', resolve),
  )
  client.reset()
  t.equal((await broken).code, 'ECONNRESET')
  t.match(await proxy.line(({ status }) => status === 101), logged)
})

t.test('the server closes', async (t) => {
  const { client, connection, proxy } = await openTunnel(t)
  connection.socket.end('bye')
  t.match(await client.closed(), /bye$/)
  t.match(await proxy.line(({ status }) => status === 101), logged)
})

t.test('the server resets: so does the client side', async (t) => {
  const { client, connection } = await openTunnel(t)
  const broken = new Promise<NodeJS.ErrnoException>((resolve) => client.socket.on('error', resolve))
  connection.socket.resetAndDestroy()
  t.equal((await broken).code, 'ECONNRESET')
})

t.test('timeouts.tunnel ends a silent one, and any byte counts', async (t) => {
  const { client, connection } = await openTunnel(t, 'timeouts: { tunnel: 1s }')
  for (let n = 0; n < 4; n++) {
    await new Promise((resolve) => setTimeout(resolve, 400))
    connection.socket.write('.')
    await client.until((got) => got.endsWith('.'.repeat(n + 1)))
  }
  await client.closed()
  await t.rejects(connection.until(() => false))
})

t.test('a client that leaves before the 101', async (t) => {
  for (const leave of ['end', 'reset'] as const) {
    const backend = await startRecordingBackend(t)
    const proxy = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(upgradeRequest())
    const connection = await backend.connection(0)
    await connection.until((text) => text.endsWith('\r\n\r\n'))
    if (leave === 'end') client.socket.end()
    else client.reset()
    await t.rejects(
      connection.until(() => false),
      'its back-end request ends',
    )
    t.match(await proxy.line(({ msg }) => msg === 'exchange'), { outcome: 'client-left' })
  }
})
