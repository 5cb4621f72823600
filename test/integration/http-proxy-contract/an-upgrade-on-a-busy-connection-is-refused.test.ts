/** An upgrade sent ahead of an answer has lost its place in the order: the connection ends. */
import t from 'tap'
import { HOST } from '../../support/lab-proxy.ts'
import { startTestProxy } from '../../support/proxy.ts'
import { openRawClient } from '../../support/raw-client.ts'
import { startRecordingBackend } from '../../support/recording-backend.ts'
import { switching, upgradeRequest } from '../../support/upgrade.ts'

t.test('behind a request that waits', async (t) => {
  const backend = await startRecordingBackend(t)
  const { httpPort, line } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`GET /slow HTTP/1.1\r\n${HOST}\r\n\r\n${upgradeRequest('/ahead')}`)
  t.equal(await client.closed(), '')
  for (const { text } of backend.connections) t.notMatch(text, /ahead/)
  await line(({ target }) => target === '/slow')
})

t.test('after one that is over it is welcome', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) => {
    socket.write(
      text.includes('Upgrade') ? switching() : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    )
  })
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
  await client.until((got) => got.endsWith('\r\n\r\n'))
  client.send(upgradeRequest())
  await client.until((got) => got.includes(' 101 '))
})
