/** A machine on the way that cuts silent connections or refuses large bodies: the preflight says so. */
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect, createServer as createRelay, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { startLabProxy } from '../support/lab-proxy.ts'
import { preflightWebServices } from '../support/preflight-web-services.ts'

const authority = await createAuthority('Test Root')
const { certPem, keyPem } = await authority.issue({ names: ['lyncweb.contoso.com'] })
const ca = authority.certificatePem

/** A machine that answers everything with 404, but for what the test says. */
async function startBox(t: Test, listener: RequestListener): Promise<number> {
  t.testdir({})
  const server = createServer({ cert: certPem, key: keyPem }, listener)
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A machine that passes TCP through, and does something else with each connection of a client. */
async function startRelay(t: Test, to: number, meddle: (client: Socket) => void): Promise<number> {
  const relay = createRelay((client) => {
    const server = connect(to, '127.0.0.1')
    client.on('error', () => server.destroy()).on('close', () => server.destroy())
    server.on('error', () => client.destroy())
    client.pipe(server).pipe(client)
    meddle(client)
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  t.teardown(() => relay.close())
  return (relay.address() as AddressInfo).port
}

const notFound: RequestListener = (req, res) => {
  req.resume()
  res.writeHead(404).end()
}

const isDiscovery = (url = ''): boolean => url.startsWith('/autodiscover')

t.test('lyncgate keeps silent connections and takes uploads', async (t) => {
  const { httpsPort, ca } = await startLabProxy(t, { plainHttp: null })
  const { of } = await preflightWebServices(t, { port: httpsPort, ca }, '--long', '1s')
  t.match(of('idle-connection'), [{ verdict: 'pass', seen: 'silent for 1s, and still there' }])
  t.match(of('upload-size'), [{ verdict: 'pass', seen: /^5 MiB to \/DataCollabWeb/ }])
})

t.test('nothing is held unless it is asked for', async (t) => {
  const { of } = await preflightWebServices(t, { port: await startBox(t, notFound), ca })
  t.same(of('idle-connection'), [])
})

t.test('a silent connection that is reset', async (t) => {
  const port = await startRelay(t, await startBox(t, notFound), (client) =>
    client.setTimeout(300, () => client.resetAndDestroy()),
  )
  const { code, of } = await preflightWebServices(t, { port, ca }, '--long', '1m')
  t.equal(code, 1)
  t.match(of('idle-connection'), [
    { verdict: 'fail', seen: /^reset after \d+m?s of silence$/, advice: /30 minutes/ },
  ])
})

t.test('a silent connection that is forgotten: the second request gets no answer', async (t) => {
  const asked = new WeakSet<Socket>()
  const port = await startBox(t, (req, res) => {
    if (isDiscovery(req.url) && asked.has(req.socket)) return
    asked.add(req.socket)
    notFound(req, res)
  })
  const call = ['--long', '1s', '--timeout', '500ms']
  const { code, of } = await preflightWebServices(t, { port, ca }, ...call)
  t.equal(code, 1)
  t.match(of('idle-connection'), [
    { verdict: 'fail', seen: 'dropped without a word within 1s (time-out)' },
  ])
})

t.test('a web server that closes between two requests is not called a fault', async (t) => {
  const port = await startBox(t, (req, res) => {
    if (isDiscovery(req.url)) res.on('close', () => setTimeout(() => req.socket.end(), 100))
    notFound(req, res)
  })
  const { of } = await preflightWebServices(t, { port, ca }, '--long', '1m')
  t.match(of('idle-connection'), [{ verdict: 'warn', seen: /^closed after \d+m?s of silence$/ }])
})

t.test('a connection that closes after each answer cannot be held', async (t) => {
  const port = await startBox(t, (req, res) => notFound(req, res.setHeader('connection', 'close')))
  const { of } = await preflightWebServices(t, { port, ca }, '--long', '1m')
  t.match(of('idle-connection'), [{ verdict: 'warn', seen: /closed after each answer/ }])
})

t.test('a limit for bodies, said in the middle of the upload', async (t) => {
  const port = await startBox(t, (req, res) => {
    if (Number(req.headers['content-length'] ?? 0) <= 1024 * 1024) return notFound(req, res)
    res.writeHead(413).end()
    req.resume()
  })
  const { code, of } = await preflightWebServices(t, { port, ca })
  t.equal(code, 1)
  t.match(of('upload-size'), [{ verdict: 'fail', advice: /client_max_body_size/ }])
})

t.test('a limit that hides behind 404, as that of IIS does', async (t) => {
  const port = await startBox(t, (req, res) => {
    if (Number(req.headers['content-length'] ?? 0) !== 1) return notFound(req, res)
    req.resume()
    res.writeHead(401).end()
  })
  const { of } = await preflightWebServices(t, { port, ca })
  t.match(of('upload-size'), [{ verdict: 'fail', seen: /gives 404, and one byte 401$/ }])
})

t.test('an upload that is cut', async (t) => {
  const port = await startRelay(t, await startBox(t, notFound), (client) =>
    client.on('data', () => {
      if (client.bytesRead > 1024 * 1024) client.resetAndDestroy()
    }),
  )
  const { of } = await preflightWebServices(t, { port, ca })
  t.match(of('upload-size'), [{ verdict: 'warn', seen: /no answer \(E/ }])
})

t.test('all of the body arrives', async (t) => {
  let bytes = 0
  const port = await startBox(t, (req, res) => {
    if (req.method === 'POST')
      req.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
    req.on('end', () => res.writeHead(401).end()).resume()
  })
  const { of } = await preflightWebServices(t, { port, ca })
  t.match(of('upload-size'), [{ verdict: 'pass' }])
  t.equal(bytes, 5 * 1024 * 1024)
})
