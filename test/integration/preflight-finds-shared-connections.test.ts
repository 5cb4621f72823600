/** A proxy that shares its connections to the servers between clients: the preflight must not call it good. */
import { writeFile } from 'node:fs/promises'
import { Agent, createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runPreflightCommand } from '../../src/cli/preflight.ts'
import { startLab } from '../../src/lab/lab.ts'
import type { Finding } from '../../src/preflight/finding.ts'

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
  const place = t.testdir({ 'root.pem': root, password: 'Wonderland-7' })
  const file = join(place, 'lyncgate.yaml')
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 0.0.0.0, https: 443 }]
certificates: [{ cert: public.pem, key: public.key }]
pools: { pool01: { product: skype-se, servers: [fe01.contoso.local] } }
rules: [{ name: Web, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }]
`,
  )
  let out = ''
  const account = ['--user', 'CONTOSO\\alice', '--password-file', join(place, 'password')]
  const where = ['--address', '127.0.0.1', '--port', String(port), '--ca', join(place, 'root.pem')]
  const code = await runPreflightCommand([file, ...where, ...account, '--json'], {
    stdout: (text) => {
      out += text
    },
    stderr: (text) => t.fail(text),
    isTerminal: false,
  })
  t.equal(code, 1)
  const { findings } = JSON.parse(out) as { findings: readonly Finding[] }
  t.match(
    findings.find(({ check }) => check === 'ntlm-sign-in'),
    {
      verdict: 'fail',
      seen: 'after the sign-in another connection gets 200 without credentials',
      means: /shares connections/,
    },
  )
  t.match(
    findings.find(({ check }) => check === 'internal-directories'),
    { verdict: 'fail', seen: /\/cscp\/ 200/ },
    'and nothing stands before the internal directories',
  )
})
