/** The server of another profile has no certificate of its own: whoever asks it for a staple without a name gets none. */
import { createServer } from 'node:https'
import t from 'tap'
import { stapleResponses, type TlsSettings } from '../../../src/listeners/tls-settings.ts'
import { sClient } from '../../support/openssl.ts'

t.test('no certificate, no staple, and no fault', async (t) => {
  let asked = 0
  const server = createServer({})
  const tls = {
    fallback: { cert: ['one'], key: ['one'] },
    stapleFor: () => {
      asked++
      return Buffer.from('a response')
    },
  } as unknown as TlsSettings
  stapleResponses(server, tls, () => false)
  const requested = new Promise((resolve) => server.on('OCSPRequest', resolve))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  t.match(await sClient(port, ['-status', '-noservername']), /alert handshake failure/)
  t.equal(await requested, null, 'Node hands over none')
  t.equal(asked, 0)
})
