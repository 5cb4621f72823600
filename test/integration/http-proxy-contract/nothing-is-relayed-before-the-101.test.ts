/** CVE-2026-2833 of another proxy: bytes behind an upgrade request went through before the server had agreed. */
import t from 'tap'
import { startTestProxy } from '../../support/proxy.ts'
import { openRawClient } from '../../support/raw-client.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'
import { switching, upgradeRequest } from '../../support/upgrade.ts'

for (const how of ['in one write with the request', 'after it']) {
  t.test(`bytes ${how} wait for the 101`, async (t) => {
    const backend = await startRecordingBackend(t)
    const { httpPort } = await startTestProxy(t, { servers: [backend] })
    const client = await openRawClient(t, { port: httpPort })
    const early = 'GET /smuggled HTTP/1.1\r\n\r\n'
    if (how === 'after it') {
      client.send(upgradeRequest())
      await (await backend.connection(0)).until((text) => text.endsWith('\r\n\r\n'))
      client.send(early)
    } else {
      client.send(`${upgradeRequest()}${early}`)
    }
    const connection = await backend.connection(0)
    const request = await connection.until((text) => text.endsWith('\r\n\r\n'))
    t.notMatch(request, /smuggled/)
    connection.socket.write(switching())
    await client.until((got) => got.includes(' 101 '))
    t.match(await connection.until((text) => text.includes('smuggled')), /\r\n\r\nGET \/smuggled/)
  })
}

t.test('refused: they never reach the server', async (t) => {
  const backend = await startRecordingBackend(t, (socket) =>
    socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
  )
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`${upgradeRequest()}GET /smuggled HTTP/1.1\r\n\r\n`)
  t.match(await client.closed(), /^HTTP\/1\.1 403 /)
  t.notMatch((await backend.connection(0)).text, /smuggled/)
  t.equal(backend.connections.length, 1)
})

t.test('bytes in one write with the 101 arrive', async (t) => {
  const backend = await startRecordingBackend(t, (socket) => socket.write(`${switching()}hello`))
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(upgradeRequest())
  t.match(
    await client.until((got) => got.endsWith('hello')),
    /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nhello$/,
  )
})
