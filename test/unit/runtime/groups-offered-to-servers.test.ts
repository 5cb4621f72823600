import { createServer as createTcpServer, type Server } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { createAuthority } from '../../../src/lab/authority.ts'
import { compileBackendTrust } from '../../../src/runtime/backend-trust.ts'

/** What a key for ML-KEM-768 takes alone (FIPS 203, table 3). */
const HYBRID_BYTES = 1184

const HOST = 'pool01.contoso.local'

t.test('the first ClientHello has no key for the hybrid', async (t) => {
  const { certificatePem } = await createAuthority('Root')
  const server = createTcpServer()
  const port = await listen(t, server)
  const first = new Promise<number>((resolve) =>
    server.once('connection', (socket) =>
      socket.once('data', ({ length }) => {
        resolve(length)
        socket.destroy()
      }),
    ),
  )
  connectTo(port, certificatePem).on('error', () => {})
  t.ok((await first) < HYBRID_BYTES)
})

for (const [group, maxVersion] of [
  ['X25519MLKEM768', 'TLSv1.3'],
  ['X25519', 'TLSv1.3'],
  ['P-256', 'TLSv1.3'],
  ['P-521', 'TLSv1.2'],
] as const) {
  t.test(`a server that wants ${group} gets it`, async (t) => {
    const authority = await createAuthority('Root')
    const { certPem: cert, keyPem: key } = await authority.issue({ names: [HOST] })
    const wants = createServer({ cert, key, ecdhCurve: group, maxVersion }, (socket) =>
      socket.on('error', () => {}).resume(),
    )
    const port = await listen(t, wants)
    const socket = connectTo(port, authority.certificatePem)
    await new Promise((resolve, reject) =>
      socket.once('secureConnect', resolve).once('error', reject),
    )
    t.equal(socket.authorized, true)
    t.equal(socket.getProtocol(), maxVersion)
    socket.destroy()
  })
}

function connectTo(port: number, roots: string): TLSSocket {
  const secureContext = compileBackendTrust({ roots, minVersion: 'TLSv1.2', client: undefined })
  return connect({ port, host: '127.0.0.1', servername: HOST, secureContext })
}

async function listen(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}
