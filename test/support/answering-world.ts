/** A proxy before one server of Node's that answers as the test says, by TLS on both sides or on none. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { startTestProxy, type TestProxy } from './proxy.ts'
import { openRawClient, type RawClient } from './raw-client.ts'

const HOST = 'lyncweb.contoso.com'

export interface AnsweringWorld {
  readonly proxy: TestProxy
  readonly server: Server
  connect(): Promise<RawClient>
}

export async function startAnsweringWorld(
  t: Test,
  isTls: boolean,
  answer: RequestListener,
): Promise<AnsweringWorld> {
  const authority = await createAuthority('Test Root')
  const { certPem, keyPem } = await authority.issue({ names: ['pool01.contoso.local'] })
  const server = isTls
    ? createTlsServer({ cert: certPem, key: keyPem }, answer)
    : createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const servers = [isTls ? { httpsPort: port } : { httpPort: port }]
  const proxy = await startTestProxy(t, { servers, pool: 'affinity: none', authority })
  const { httpPort, httpsPort, ca } = proxy
  const target = isTls ? { port: httpsPort, tls: { serverName: HOST, ca } } : { port: httpPort }
  return { proxy, server, connect: () => openRawClient(t, target) }
}
