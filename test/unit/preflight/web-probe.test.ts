import { createServer } from 'node:http'
import { type AddressInfo, createServer as createPort } from 'node:net'
import t, { type Test } from 'tap'
import { probeTlsVersion } from '../../../src/preflight/tls-version-probe.ts'
import { probeWeb } from '../../../src/preflight/web-probe.ts'

async function listen(t: Test, handler: Parameters<typeof createServer>[1]) {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

const page = { scheme: 'http', host: 'lyncweb.contoso.com', path: '/x', wantsBody: true } as const

t.test('fields go out as they were asked for, and come back in their order', async (t) => {
  const endpoint = await listen(t, (req, res) => {
    res.setHeader('WWW-Authenticate', ['Negotiate', 'NTLM'])
    res.statusCode = 401
    res.end(JSON.stringify(req.headers))
  })
  const answer = await probeWeb(endpoint, { ...page, fields: { cookie: 'a=b' } }, 5000)
  if (answer.kind !== 'answer') throw new Error(answer.reason)
  t.equal(answer.status, 401)
  t.same(
    answer.fields.filter(([name]) => name === 'www-authenticate').map(([, value]) => value),
    ['Negotiate', 'NTLM'],
  )
  const sent = JSON.parse(answer.body) as Record<string, string>
  t.match(sent, { host: 'lyncweb.contoso.com', cookie: 'a=b' })
  t.equal(sent['accept'], undefined, 'autodiscover is asked without Accept')
  const head = await probeWeb(endpoint, { ...page, wantsBody: false }, 5000)
  t.match(head, { body: '' })
})

t.test('a body without end is cut at 64 KiB', async (t) => {
  const endpoint = await listen(t, (_req, res) => {
    const more = (): void => {
      while (!res.destroyed && res.write('x'.repeat(16_384)));
    }
    res.on('drain', more)
    more()
  })
  const answer = await probeWeb(endpoint, page, 5000)
  t.equal(answer.kind === 'answer' && answer.body.length, 64 * 1024)
})

t.test('a body that stops half way is what came until then, or no answer in time', async (t) => {
  const cut = await listen(t, (_req, res) => {
    res.writeHead(200, { 'Content-Length': 100 })
    res.write('half', () => res.destroy())
  })
  t.match(await probeWeb(cut, page, 5000), { kind: 'answer', body: 'half' })
  const slow = await listen(t, (_req, res) => void res.write('half'))
  t.match(await probeWeb(slow, page, 200), { kind: 'not-http', reason: 'time-out' })
})

t.test('no TLS is no version of TLS', async (t) => {
  const server = createPort((socket) => socket.end('220 mail\r\n'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void server.close())
  const options = { serverName: 'x.contoso.com', version: 'TLSv1.2', timeoutMs: 2000 } as const
  const { port } = server.address() as AddressInfo
  t.equal(await probeTlsVersion({ address: '127.0.0.1', port }, options), 'refused')
  t.equal(await probeTlsVersion({ address: '127.0.0.1', port: 9 }, options), 'unclear')
})
