/** No deprecation and no other warning, at start, with requests, and with a tunnel. */
import t from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { startRunningProxy } from '../support/running-proxy.ts'
import { switching, upgradeRequest } from '../support/upgrade.ts'

t.test('standard error stays empty', async (t) => {
  const backend = await startRecordingBackend(t, (socket, text) =>
    socket.write(
      text.includes('Upgrade') ? switching() : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ),
  )
  const proxy = await startRunningProxy(t, backend.httpPort, 'unready: 0s')
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`)
  await client.until((got) => got.endsWith('ok'))
  client.send(upgradeRequest())
  await client.until((got) => got.includes(' 101 '))
  client.socket.destroy()
  await proxy.until((stdout) => stdout.includes('"status":101'))
  proxy.signal('SIGTERM')
  t.equal(await proxy.exited, 0)
  t.equal(proxy.stderr, '')
})
