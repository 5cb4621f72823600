import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import t from 'tap'
import { fc } from '../support/property.ts'
import { settled } from '../support/settled.ts'
import {
  closed,
  connectClient,
  readAll,
  readSome,
  startStreamProxy,
  startStreamServer,
  streamEntry,
} from '../support/stream-proxy.ts'

const MIB = 1_024 * 1_024

/** Writes bytes in pieces of these sizes, as fast as the other side takes them, and ends. */
async function send(socket: Socket, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    if (!socket.write(bytes.subarray(at, at + size))) await once(socket, 'drain')
    at += size
  }
  socket.end()
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

t.test('bytes are the same both ways at the same time, in pieces of any size', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  const sizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 6 })
  let nth = 0
  for (const [there, back] of fc.sample(fc.tuple(sizes, sizes), { numRuns: 8, seed: 5061 })) {
    nth++
    const [up, down] = [randomBytes(MIB + nth), randomBytes(2 * MIB + nth)]
    const client = await connectClient(t, proxy.streamPort('SIP'))
    const backend = await server.connection(nth)
    const [gotUp, gotDown] = await Promise.all([
      readAll(backend),
      readAll(client),
      send(client, up, there),
      send(backend, down, back),
    ])
    t.equal(digest(gotUp), digest(up), `to the server in ${there}`)
    t.equal(digest(gotDown), digest(down), `to the client in ${back}`)
    const line = await proxy.streamLine('SIP', nth)
    t.match(line, { outcome: 'done', clientBytes: up.length, serverBytes: down.length })
  }
  t.match(proxy.counts('SIP'), { open: 0, outcomes: { done: 8 } })
})

t.test('the server may speak first', async (t) => {
  const server = await startStreamServer(t, (socket) => socket.write('220 hello'))
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  t.equal(await readSome(await connectClient(t, proxy.streamPort('SIP'))), '220 hello')
})

t.test('the end of one direction is passed on, and the other goes on', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  const backend = await server.connection()
  client.end('question')
  t.equal((await readAll(backend)).toString(), 'question', 'with its end')
  backend.write('ans')
  t.equal(await readSome(client), 'ans')
  backend.end('wer')
  t.equal((await readAll(client)).toString(), 'wer')
  t.match(await proxy.streamLine('SIP'), { outcome: 'done', clientBytes: 8, serverBytes: 6 })

  const second = await connectClient(t, proxy.streamPort('SIP'))
  const other = await server.connection(2)
  other.end('goodbye')
  t.equal((await readAll(second)).toString(), 'goodbye', 'the server ends first')
  second.end('and thanks')
  t.equal((await readAll(other)).toString(), 'and thanks')
})

t.test('a client that ends before its server is connected', async (t) => {
  const server = await startStreamServer(t)
  const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
  const client = await connectClient(t, proxy.streamPort('SIP'))
  client.end()
  const backend = await server.connection()
  t.equal((await readAll(backend)).length, 0)
  backend.end('a word')
  t.equal((await readAll(client)).toString(), 'a word')
  t.match(await proxy.streamLine('SIP'), { outcome: 'done' })
})

for (const slow of ['server', 'client'] as const) {
  t.test(`a ${slow} that reads nothing stops the sender, and loses nothing`, async (t) => {
    const server = await startStreamServer(t)
    const proxy = await startStreamProxy(t, [streamEntry('SIP', [server.port])])
    const client = await connectClient(t, proxy.streamPort('SIP'))
    const backend = await server.connection()
    const [from, to] = slow === 'server' ? [client, backend] : [backend, client]
    to.pause()
    const bytes = randomBytes(48 * MIB)
    const sent = send(from, bytes, [MIB])
    const stopped = await settled(() => from.bytesWritten - from.writableLength)
    t.ok(stopped < bytes.length - 8 * MIB, `${stopped} bytes are on their way`)
    const got = await readAll(to)
    await sent
    t.equal(digest(got), digest(bytes))
  })
}

t.test('TLS goes through, and the names that are seen are logged', async (t) => {
  const proxyless = await startStreamServer(t)
  const probe = await startStreamProxy(t, [streamEntry('SIP', [proxyless.port])])
  const { authority } = probe
  const own = await authority.issue({ names: ['edge.contoso.com', 'sip.contoso.com'] })
  const person = await authority.issue({ names: ['partner.fabrikam.com'] })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const server = createTlsServer(
      {
        cert: own.certPem,
        key: own.keyPem,
        ca: probe.ca,
        requestCert: true,
        rejectUnauthorized: false, // a certificate for servers will do
        ALPNProtocols: ['sip'],
        maxVersion: version,
      },
      (socket) => socket.pipe(socket),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => void server.close())
    const { port } = server.address() as { port: number }
    const proxy = await startStreamProxy(t, [streamEntry('SIP', [port])])
    const client: TLSSocket = connectTls({
      port: proxy.streamPort('SIP'),
      host: '127.0.0.1',
      servername: 'sip.contoso.com',
      ALPNProtocols: ['sip'],
      ca: probe.ca,
      cert: person.certPem,
      key: person.keyPem,
    })
    await once(client, 'secureConnect')
    t.equal(client.getPeerCertificate().subject.CN, 'edge.contoso.com', 'of the server itself')
    client.write('OPTIONS')
    t.equal(await readSome(client), 'OPTIONS')
    client.end()
    await closed(client)
    const line = await proxy.streamLine('SIP')
    t.match(line, { outcome: 'done', sni: 'sip.contoso.com', alpn: ['sip'] })
    const names = [line.serverNames, line.clientNames]
    if (version === 'TLSv1.3') t.same(names, [undefined, undefined], 'encrypted')
    else t.same(names, [['edge.contoso.com', 'sip.contoso.com'], ['partner.fabrikam.com']])
  }
})
