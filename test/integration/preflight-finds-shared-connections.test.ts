/** A proxy that shares its connections to the servers between clients: the preflight must not call it good. */
import { Agent, createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startLab } from '../../src/lab/lab.ts'
import { preflightWebServices } from '../support/preflight-web-services.ts'

/** One connection to one server for everybody, as proxies with a pool of connections do it. */
async function startSharingProxy(t: Test) {
  const lab = await startLab()
  t.teardown(() => lab.close())
  const { certPem, keyPem } = await lab.publicCertificate(['lyncweb.contoso.com'])
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const [{ httpsPort }] = lab.pool
  const server = createServer({ cert: certPem, key: keyPem }, (req, res) => {
    const { method, url, headers } = req
    const upstream = request({
      ...{ agent, host: '127.0.0.1', port: httpsPort, method, path: url, headers },
      ...{ ca: lab.authority.certificatePem, servername: 'fe01.contoso.local' },
    })
    upstream.on('response', (answer) => {
      res.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(res)
    })
    upstream.on('error', () => res.destroy())
    req.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { root: lab.authority.certificatePem, port: (server.address() as AddressInfo).port }
}

t.test('strangers who are served as somebody else are found', async (t) => {
  const { root, port } = await startSharingProxy(t)
  const place = t.testdir({ password: 'Wonderland-7' })
  const account = ['--user', 'CONTOSO\\alice', '--password-file', join(place, 'password')]
  const { code, of } = await preflightWebServices(t, { port, ca: root }, ...account)
  t.equal(code, 1)
  t.match(of('ntlm-sign-in'), [
    {
      verdict: 'fail',
      seen: 'after the sign-in another connection gets 200 without credentials',
      means: /shares connections/,
    },
  ])
  t.match(
    of('internal-directories'),
    [{ verdict: 'fail', seen: /\/cscp\/ 200/ }],
    'and nothing stands before the internal directories',
  )
})
