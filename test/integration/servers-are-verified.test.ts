/**
 * TLS towards the servers: whatever is wrong with a certificate is 503 with the reason in the log, and not one byte of a
 * request is written. What lowers the demands is spelt out, holds for one pool alone, and is warned about.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { loadRules } from '../../src/config/load.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { authorityExtensions, makeCertificate } from '../support/openssl.ts'
import { startLoaded } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'

const HOST = 'lyncweb.contoso.com'
const SERVER = 'fe01.contoso.local'
const directory = t.testdir({})
const read = (file: string): string => readFileSync(join(directory, file), 'utf8')
const write = (file: string, text: string) =>
  writeFileSync(join(directory, file), text, { mode: 0o600 })
const authority = await createAuthority('Public Root')
/** A company authority that does ECDSA, for certificates with dates of our own. */
const company = await createAuthority('Company Root')

t.before(async () => {
  const { certPem, keyPem } = await authority.issue({ names: [HOST] })
  write('public.pem', certPem)
  write('public.key', keyPem)
  const extensions = authorityExtensions
  const names = [`subjectAltName=DNS:${SERVER}`, 'extendedKeyUsage=serverAuth']
  await makeCertificate(directory, { name: 'root', extensions })
  await makeCertificate(directory, { name: 'other-root', extensions })
  await makeCertificate(directory, { name: 'middle', by: 'root', extensions })
  await makeCertificate(directory, { name: 'good', by: 'root', extensions: names })
  await makeCertificate(directory, { name: 'unknown', by: 'other-root', extensions: names })
  await makeCertificate(directory, { name: 'self', extensions: names })
  await makeCertificate(directory, { name: 'below', by: 'middle', extensions: names })
  await makeCertificate(directory, { name: 'sha1', by: 'root', extensions: names, more: ['-sha1'] })
  await makeCertificate(directory, {
    name: 'short',
    key: 'rsa:1024',
    by: 'root',
    extensions: names,
  })
  const forClients = ['extendedKeyUsage=clientAuth']
  await makeCertificate(directory, { name: 'client', by: 'root', extensions: forClients })
  await makeCertificate(directory, {
    name: 'no-server',
    by: 'root',
    extensions: [...forClients, ...names.slice(0, 1)],
  })
  const old = await company.issue({ names: [SERVER], notAfter: new Date(Date.now() - 60_000) })
  write('expired.pem', old.certPem)
  write('expired.key', old.keyPem)
  write('roots.pem', read('root.pem') + company.certificatePem)
})

interface Backend {
  readonly port: number
  /** One entry per request: version, and the common name of the client's certificate. */
  readonly requests: string[]
}

async function startBackend(t: Test, name: string, more: ServerOptions = {}): Promise<Backend> {
  const requests: string[] = []
  const own = { cert: read(`${name}.pem`), key: read(`${name}.key`) }
  const server = createServer({ ...own, ciphers: 'DEFAULT:@SECLEVEL=0', ...more }, (req, res) => {
    const socket = req.socket as TLSSocket
    const { subject } = socket.getPeerCertificate()
    requests.push(`${socket.getProtocol()} ${subject?.CN ?? 'nobody'}`)
    res.end('ok')
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, requests }
}

/** One request through the proxy, to a pool with these TLS settings. */
async function askThrough(t: Test, { port }: Backend, tls: string) {
  const file = join(directory, `${port}.yaml`)
  write(
    `${port}.yaml`,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: 443 }]
certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: other
    servers: [{ address: 127.0.0.1, https: ${port} }]
    tls: { ${tls.includes('serverName') ? '' : `serverName: ${SERVER}, `}${tls} }
    health: { check: none }
rules: [{ name: All, publish: anything, hosts: [${HOST}], pool: pool01 }]
`,
  )
  const loaded = await loadRules(file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const { httpsPort, ca, line } = await startLoaded(t, loaded.value, authority)
  const client = await openRawClient(t, { port: httpsPort, tls: { serverName: HOST, ca } })
  client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
  const answer = await client.closed()
  const { outcome, reason } = await line(({ msg }) => msg === 'exchange')
  const warnings = loaded.value.warnings.map(({ code }) => code)
  return { status: answer.slice(9, 12), answer, outcome, reason, warnings }
}

const CA = 'ca: roots.pem'

t.test('a good one is accepted', async (t) => {
  const backend = await startBackend(t, 'good')
  t.match(await askThrough(t, backend, CA), { status: '200', outcome: 'done', warnings: [] })
  t.same(backend.requests, ['TLSv1.3 nobody'])
})

const bad: readonly (readonly [what: string, certificate: string, tls: string, reason: string])[] =
  [
    ['expired', 'expired', CA, 'CERT_HAS_EXPIRED'],
    [
      'of another name',
      'good',
      'ca: roots.pem, serverName: fe02.contoso.local',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['signed by itself', 'self', CA, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['of an unknown authority', 'unknown', CA, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['of the company, with the roots of the system', 'good', '', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['without its intermediate', 'below', CA, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['signed with SHA-1', 'sha1', CA, 'CA signature digest algorithm too weak'],
    ['with a short key', 'short', CA, 'EE certificate key too weak'],
    ['that is not for servers', 'no-server', CA, 'INVALID_PURPOSE'],
  ]

for (const [what, certificate, tls, reason] of bad) {
  t.test(`a certificate ${what} is 503`, async (t) => {
    const backend = await startBackend(t, certificate)
    const result = await askThrough(t, backend, tls)
    t.match(result, { status: '503', outcome: 'backend-unreachable' })
    t.match(result.reason, reason)
    t.notMatch(result.answer, /contoso\.local|127\.0\.0\.1/, 'nothing of it reaches the client')
    t.same(backend.requests, [], 'no request was written')
  })
}

t.test('a server that is too old is 503, until the pool says otherwise', async (t) => {
  for (const [version, tls, status] of [
    ['TLSv1', CA, '503'],
    ['TLSv1.1', CA, '503'],
    ['TLSv1.2', CA, '200'],
    ['TLSv1.2', `${CA}, minVersion: TLSv1.3`, '503'],
    ['TLSv1.1', `${CA}, minVersion: TLSv1.1`, '200'],
    ['TLSv1', `${CA}, minVersion: TLSv1.1`, '503'],
    ['TLSv1', `${CA}, minVersion: TLSv1`, '200'],
  ] as const) {
    const backend = await startBackend(t, 'good', { minVersion: 'TLSv1', maxVersion: version })
    const result = await askThrough(t, backend, tls)
    t.equal(result.status, status, `${version} and ${tls}`)
    t.same(backend.requests, status === '200' ? [`${version} nobody`] : [])
    const isOld = /TLSv1(\.1)?$/.test(tls)
    t.same(result.warnings, isOld ? ['old-tls'] : [], 'a warning at every start and reload')
  }
})

t.test('Windows Server 2008 R2: TLS 1.0, RSA key exchange, SHA-1', async (t) => {
  const old = {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1',
    ciphers: 'AES128-SHA:@SECLEVEL=0',
  } as const
  const backend = await startBackend(t, 'sha1', old)
  t.equal((await askThrough(t, backend, `${CA}, minVersion: TLSv1`)).status, '200')
})

t.test('a lowered pool still verifies', async (t) => {
  const backend = await startBackend(t, 'unknown')
  const result = await askThrough(t, backend, `${CA}, minVersion: TLSv1`)
  t.match(result, { status: '503', reason: /UNABLE_TO_VERIFY_LEAF_SIGNATURE/ })
})

t.test('a server that asks for a certificate gets the one of the pool', async (t) => {
  const asks = { requestCert: true, rejectUnauthorized: true, ca: read('root.pem') }
  const backend = await startBackend(t, 'good', asks)
  const own = `${CA}, cert: client.pem, key: client.key`
  t.equal((await askThrough(t, backend, own)).status, '200')
  t.same(backend.requests, ['TLSv1.3 client'])
  const without = await askThrough(t, backend, CA)
  t.equal(without.status, '503')
  t.equal(backend.requests.length, 1)
})

t.test('insecureSkipVerify must be spelt out, and is warned about', async (t) => {
  const backend = await startBackend(t, 'self')
  const result = await askThrough(t, backend, 'insecureSkipVerify: true')
  t.match(result, { status: '200', warnings: ['insecure-tls'] })
})
