/** An administrator who looks for the reason of a TLS error finds the name that was asked for. */
import { once } from 'node:events'
import { connect } from 'node:tls'
import t from 'tap'
import { startTestProxy } from '../support/proxy.ts'

t.test('a name without certificate', async (t) => {
  const proxy = await startTestProxy(t, {})
  const socket = connect({
    port: proxy.httpsPort,
    host: '127.0.0.1',
    servername: 'nobody.contoso.com',
    ca: proxy.ca,
  })
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  t.match(error.message, /unrecognized name/)
  const line = await proxy.line(({ msg }) => msg === 'server name refused')
  t.match(line, {
    listener: 'internet',
    client: '127.0.0.1',
    host: 'nobody.contoso.com',
    level: 30,
  })
})
