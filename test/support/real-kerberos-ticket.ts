/** Kerberos tokens in the hands of the test, to be sent on a connection of its choice. */

import { once } from 'node:events'
import { createServer } from 'node:http'
import { freePorts } from './free-ports.ts'
import { curl, kerberosIdentity } from './real-curl.ts'
import { publicName } from './real-kdc.ts'
import type { Environment } from './real-process.ts'

/**
 * Lets curl send its token to a server that only writes it down, so it is still fresh: the back end's
 * replay cache accepts each token once.
 */
export async function captureTicket(env: Environment): Promise<string> {
  const [port = 0] = await freePorts(1)
  let token = ''
  const listener = createServer((request, response) => {
    token = (request.headers.authorization ?? '').replace('Negotiate ', '')
    response.end()
  })
  listener.listen(port, '127.0.0.1')
  await once(listener, 'listening')
  const target = { httpPort: port, httpsPort: 0, caFile: '/dev/null' }
  await curl(target, kerberosIdentity(env), [`http://${publicName}:${port}/`])
  listener.closeAllConnections()
  listener.close()
  if (token === '') throw new Error('curl sent no Negotiate token')
  return token
}
