/**
 * `lyncgate preflight` against dnsmasq, openssl and Node's TLS. Every server has a loopback address
 * of its own, so that all of them can have port 5061, which the records name.
 */
import { once } from 'node:events'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createSecureContext, createServer as createTlsServer, type TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import type { CommandIo } from '../../src/cli/output.ts'
import { runPreflightCommand } from '../../src/cli/preflight.ts'
import type { Finding } from '../../src/preflight/finding.ts'
import { startCommand } from '../support/command.ts'
import { requireDnsmasq, startDnsmasq } from '../support/dns-server.ts'
import { requireProgram } from '../support/real-programs.ts'
import { createSipAuthority } from '../support/sip-certificates.ts'
import { startOpensslServer } from '../support/tls-program.ts'

const authority = await createSipAuthority()
const { rootPem, intermediatePem } = authority
const certificate = await authority.issue({ names: ['sip.contoso.com', 'contoso.com'] })

interface Preflight {
  readonly code: number | null
  readonly findings: readonly Finding[]
  /** The verdict of the first finding with this id. */
  readonly verdictOf: (check: string) => string | undefined
}

/** What follows the name in each call: the authority as the public one, standing inside. */
const optionsFor = (t: Test, dns: string): readonly string[] => [
  ...['--dns', dns, '--ca', `${t.testdir({ 'root.pem': rootPem })}/root.pem`],
  ...['--from', 'lan', '--timeout', '1s', '--json'],
]

/** Runs the command in this process: starting one takes longer than most preflights. */
async function preflight(t: Test, dns: string, ...call: readonly string[]): Promise<Preflight> {
  const heard = { stdout: '', stderr: '' }
  const io: CommandIo = {
    stdout: (text) => {
      heard.stdout += text
    },
    stderr: (text) => {
      heard.stderr += text
    },
    isTerminal: false,
  }
  const code = await runPreflightCommand([...call, ...optionsFor(t, dns)], io)
  return readReport(code, heard)
}

function readReport(
  code: number | null,
  { stdout, stderr }: { readonly stdout: string; readonly stderr: string },
): Preflight {
  if (stdout === '') throw new Error(stderr)
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] }
  const verdictOf = (check: string) => findings.find((each) => each.check === check)?.verdict
  return { code, findings, verdictOf }
}

const zone = (address: string): readonly string[] => [
  'srv-host=_sipfederationtls._tcp.contoso.com,sip.contoso.com,5061,0,0',
  `host-record=sip.contoso.com,${address}`,
]

/** A TCP server that does what it is told with each connection. */
async function listenPlain(t: Test, host: string, port: number, serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  }).listen(port, host)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
}

async function listenTls(t: Test, host: string, port: number, options: TlsOptions): Promise<void> {
  const sockets = new Set<Socket>()
  const server = createTlsServer({
    cert: `${certificate.certPem}\n${intermediatePem}`,
    key: certificate.keyPem,
    ...options,
  })
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('tlsClientError', () => {})
  server.listen(port, host)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
}

const hasPrograms = (t: Test): boolean =>
  requireDnsmasq(t) && requireProgram(t, 'openssl', 'openssl')

t.test('openssl that demands a client certificate: everything is read all the same', async (t) => {
  if (!hasPrograms(t)) return
  await startOpensslServer(t, {
    accept: '127.5.1.1:5061',
    certificate,
    intermediatePem,
    options: ['-Verify', '1', '-verify_return_error', '-tls1_2'],
  })
  const dns = await startDnsmasq(t, zone('127.5.1.1'))
  const call = ['preflight', 'federation', 'contoso.com', ...optionsFor(t, dns)]
  const command = startCommand(t, ...call)
  const { code, findings, verdictOf } = readReport(await command.exited, command)
  t.same(
    findings.filter(({ verdict }) => verdict !== 'pass').map(({ check }) => check),
    ['client-order'],
  )
  t.equal(code, 0)
  t.equal(verdictOf('mutual-tls'), 'pass')
  t.match(findings.find(({ check }) => check === 'certificate-chain')?.seen, '2 sent')
})

t.test('Node that demands a client certificate, for both protocol versions', async (t) => {
  if (!hasPrograms(t)) return
  const ca = [rootPem]
  await listenTls(t, '127.5.2.1', 5061, { requestCert: true, rejectUnauthorized: true, ca })
  const dns = await startDnsmasq(t, zone('127.5.2.1'))
  const { code, verdictOf } = await preflight(t, dns, 'federation', 'contoso.com')
  t.equal(verdictOf('mutual-tls'), 'pass')
  t.equal(verdictOf('tls-version'), 'pass')
  t.equal(code, 0)
})

t.test('TLS 1.3 only: the certificate is read, and the version fails', async (t) => {
  if (!hasPrograms(t)) return
  await startOpensslServer(t, {
    accept: '127.5.3.1:5061',
    certificate,
    intermediatePem,
    options: ['-Verify', '1', '-tls1_3'],
  })
  const dns = await startDnsmasq(t, zone('127.5.3.1'))
  const { code, findings, verdictOf } = await preflight(t, dns, 'federation', 'contoso.com')
  t.equal(verdictOf('tls-version'), 'fail')
  t.equal(verdictOf('mutual-tls'), 'skip')
  t.equal(verdictOf('certificate-name'), 'pass')
  t.match(
    findings.find(({ check }) => check === 'certificate-chain'),
    {
      verdict: 'pass',
      seen: /^2 sent/,
    },
  )
  t.equal(code, 1)
})

t.test('a certificate as public authorities issue it now, without its intermediate', async (t) => {
  if (!hasPrograms(t)) return
  const serverOnly = await authority.issue({ names: ['sip.contoso.com'], usages: ['serverAuth'] })
  await startOpensslServer(t, { accept: '127.5.4.1:5061', certificate: serverOnly })
  const dns = await startDnsmasq(t, zone('127.5.4.1'))
  const { code, findings, verdictOf } = await preflight(t, dns, 'federation', 'contoso.com')
  t.equal(verdictOf('certificate-client-auth'), 'fail')
  t.match(
    findings.find(({ check }) => check === 'certificate-client-auth')?.advice,
    /2026.*Let's Encrypt/,
  )
  t.equal(verdictOf('certificate-chain'), 'fail')
  t.equal(verdictOf('mutual-tls'), 'warn')
  t.equal(code, 1)
})

t.test('old TLS with an RSA key of 1024 bits is still read', async (t) => {
  if (!hasPrograms(t)) return
  const old = await authority.issue({ names: ['*.contoso.com'], key: 1024, hash: 'SHA-1' })
  await startOpensslServer(t, {
    accept: '127.5.5.1:5061',
    certificate: old,
    options: ['-tls1', '-cipher', 'AES128-SHA:@SECLEVEL=0'],
  })
  const dns = await startDnsmasq(t, zone('127.5.5.1'))
  const { verdictOf, findings } = await preflight(t, dns, 'federation', 'contoso.com')
  t.match(findings.find(({ check }) => check === 'tls-version')?.seen, 'TLS 1.0')
  for (const check of ['certificate-wildcard', 'certificate-key', 'certificate-signature'])
    t.equal(verdictOf(check), 'fail', check)
})

t.test('another certificate without a server name', async (t) => {
  if (!hasPrograms(t)) return
  const other = await authority.issue({ names: ['www.contoso.com'] })
  await listenTls(t, '127.5.6.1', 5061, {
    cert: other.certPem,
    key: other.keyPem,
    SNICallback: (_name, done) =>
      done(null, createSecureContext({ cert: certificate.certPem, key: certificate.keyPem })),
  })
  const dns = await startDnsmasq(t, zone('127.5.6.1'))
  const { verdictOf } = await preflight(t, dns, 'federation', 'contoso.com')
  t.equal(verdictOf('server-name'), 'warn')
  t.equal(verdictOf('certificate-name'), 'pass')
})

t.test('what only looks like a federation server', async (t) => {
  if (!hasPrograms(t)) return
  const filler = Buffer.alloc(16_384, 0x16)
  const behaviours: Readonly<Record<string, (socket: Socket) => void>> = {
    silent: () => {},
    closing: (socket) => socket.end(),
    resetting: (socket) => socket.resetAndDestroy(),
    http: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    noise: (socket) => {
      // As much as is taken, until the other side has had enough.
      const pour = (): void => {
        while (socket.writable && socket.write(filler));
      }
      socket.on('drain', pour)
      pour()
    },
    drip: (socket) => {
      const timer = setInterval(() => socket.write(Buffer.from([0x16])), 50)
      socket.on('close', () => clearInterval(timer))
    },
  }
  for (const [index, [name, serve]] of Object.entries(behaviours).entries()) {
    const address = `127.5.7.${index + 1}`
    await listenPlain(t, address, 5061, serve)
    const dns = await startDnsmasq(t, zone(address))
    const { code, findings } = await preflight(t, dns, 'federation', 'contoso.com')
    t.equal(code, 1, name)
    const failed = findings.filter(({ verdict }) => verdict === 'fail')
    t.equal(failed.length, 1, `${name}: ${failed.map(({ seen }) => seen).join('; ')}`)
    t.match(failed[0]?.check, /^(?:record-against-)?listener$/)
    t.ok(failed[0]?.advice)
  }
})

t.test('nothing listens, a name without an address, an alias, a misspelt record', async (t) => {
  if (!hasPrograms(t)) return
  await listenTls(t, '127.5.8.2', 5061, { requestCert: true, rejectUnauthorized: false })
  const refused = await preflight(
    t,
    await startDnsmasq(t, zone('127.5.8.1')),
    'federation',
    'contoso.com',
  )
  t.match(refused.findings.find(({ check }) => check === 'listener')?.seen, 'connection refused')

  const odd = await startDnsmasq(t, [
    'srv-host=_sipfederationstls._tcp.contoso.com,sip.contoso.com,0,5061,0',
    'cname=sip.contoso.com,edge.contoso.com',
    'host-record=edge.contoso.com,127.5.8.2',
    'srv-host=_sip._tls.contoso.com,nowhere.contoso.com,443,0,0',
  ])
  const { code, verdictOf, findings } = await preflight(t, odd, 'federation', 'contoso.com')
  t.equal(code, 1)
  for (const check of ['srv-record', 'srv-misspelt', 'srv-numbers', 'target-alias'])
    t.equal(verdictOf(check), 'fail', check)
  t.equal(verdictOf('mutual-tls'), 'pass', 'tested as it was meant')
  t.ok(
    findings.some(
      ({ subject, seen }) => subject === 'nowhere.contoso.com' && /no address/.test(seen),
    ),
  )
})

t.test('a Live Communications Server: each record against its listener', async (t) => {
  if (!hasPrograms(t)) return
  let requests = ''
  const sip = (socket: Socket): void =>
    void socket.on('data', (bytes) => {
      const text = bytes.toString('latin1')
      if (!text.startsWith('OPTIONS ')) return socket.destroy()
      requests += text
      return socket.end('SIP/2.0 401 Unauthorized\r\nContent-Length: 0\r\n\r\n')
    })
  await listenPlain(t, '127.5.9.1', 5060, sip)
  await listenTls(t, '127.5.9.1', 5061, {})
  const dns = await startDnsmasq(t, [
    'srv-host=_sipinternal._tcp.contoso.com,sip.contoso.com,5060,10,10',
    'srv-host=_sipinternaltls._tcp.contoso.com,sip.contoso.com,5060,10,10',
    'srv-host=_sip._tls.contoso.com,sip.contoso.com,5061,10,10',
    'srv-host=_sip._tcp.contoso.com,sip.contoso.com,5061,10,10',
    'host-record=sip.contoso.com,127.5.9.1',
  ])
  const { code, findings } = await preflight(t, dns, 'lcs', 'contoso.com')
  t.equal(code, 1)
  const seen = findings
    .filter(({ check }) => check === 'listener' || check === 'record-against-listener')
    .map(({ verdict, seen }) => `${verdict}: ${seen}`)
  t.same(seen, [
    'pass: speaks SIP: SIP/2.0 401 Unauthorized',
    'fail: speaks plain SIP, but the record promises TLS',
    'pass: reachable, speaks TLS 1.2',
    'fail: speaks TLS, but the record promises plain SIP',
  ])
  t.match(requests, /^OPTIONS sip:contoso\.com SIP\/2\.0\r\nVia: SIP\/2\.0\/TCP /)
  t.match(requests, /\r\n\r\n$/)
})

t.test('Communicator Web Access over HTTPS, and what a wrong name looks like', async (t) => {
  if (!hasPrograms(t)) return
  const web = await authority.issue({ names: ['im.contoso.com'], usages: ['serverAuth'] })
  const server = createHttpsServer(
    { cert: `${web.certPem}\n${intermediatePem}`, key: web.keyPem },
    (request, response) => {
      const isOurs = request.headers.host === 'im.contoso.com'
      if (isOurs && request.url === '/forms/logon.html') response.end('<form>')
      else response.writeHead(302, { location: 'https://cwa01.contoso.local/' }).end()
    },
  ).listen(0, '127.5.10.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const dns = await startDnsmasq(t, [
    'host-record=im.contoso.com,127.5.10.1',
    'host-record=im2.contoso.com,127.5.10.1',
  ])
  const good = await preflight(t, dns, 'cwa', `im.contoso.com:${port}`)
  t.same(
    good.findings.filter(({ verdict }) => verdict !== 'pass'),
    [],
  )
  t.equal(good.code, 0)
  const wrong = await preflight(t, dns, 'cwa', `im2.contoso.com:${port}`)
  t.equal(wrong.code, 1)
  t.equal(wrong.verdictOf('certificate-name'), 'fail')
  t.match(wrong.findings.find(({ check }) => check === 'web-name')?.seen, 'cwa01.contoso.local')
})
