/** Mutual TLS between two OpenSSLs, with certificates on both sides, through a stream. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { freePorts } from '../support/free-ports.ts'
import { createMutualCertificates } from '../support/openssl-certificates.ts'
import { runProgram, startProgram, waitUntil } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'
import { startStreamProxy, streamEntry } from '../support/stream-proxy.ts'

for (const version of ['tls1_2', 'tls1_3']) {
  t.test(`mutual TLS goes through untouched: ${version}`, async (t) => {
    if (!requireProgram(t, 'openssl', 'openssl')) return
    const directory = await mkdtemp(join(tmpdir(), 'lyncgate-mtls-'))
    t.teardown(() => rm(directory, { recursive: true, force: true }))
    const certificates = await createMutualCertificates(directory)
    const edge = await certificates.issue('edge.contoso.com')
    const partner = await certificates.issue('sip.fabrikam.com')
    const [port = 0] = await freePorts(1)

    // It demands a certificate of the client, and answers each line with the line read backwards.
    const serverArgs = ['-cert', edge.cert, '-key', edge.key, '-CAfile', certificates.ca]
    const server = startProgram({
      program: 'openssl',
      args: ['s_server', '-accept', `127.0.0.1:${port}`, ...serverArgs].concat([
        '-Verify',
        '1',
        '-verify_return_error',
        '-rev',
        `-${version}`,
      ]),
    })
    t.teardown(() => server.stop())
    await waitUntil('s_server listens', () => server.stdout().includes('ACCEPT'))

    const proxy = await startStreamProxy(t, [streamEntry('SIP', [port])])
    const clientArgs = [
      ...['s_client', '-connect', `127.0.0.1:${proxy.streamPort('SIP')}`],
      ...['-servername', 'edge.contoso.com', '-verify_hostname', 'edge.contoso.com'],
      ...['-CAfile', certificates.ca, '-verify_return_error', '-ign_eof'],
    ]
    const own = ['-cert', partner.cert, '-key', partner.key]
    const client = startProgram({
      program: 'openssl',
      args: [...clientArgs, ...own],
      input: 'SNOITPO\n',
    })
    await waitUntil('the answer is there', () => {
      if (client.hasEnded()) throw new Error(client.stdout() + client.stderr())
      return client.stdout().includes('OPTIONS')
    })
    await client.stop()
    t.match(client.stdout(), /Verify return code: 0 \(ok\)/, 'the client has verified the server')
    t.match(client.stdout(), /subject=.*edge\.contoso\.com/, 'by its own certificate')
    const line = await proxy.streamLine('SIP')
    t.match(line, { sni: 'edge.contoso.com' })
    const names = [line.serverNames, line.clientNames]
    if (version === 'tls1_2') t.same(names, [['edge.contoso.com'], ['sip.fabrikam.com']])
    else t.same(names, [undefined, undefined], 'TLS 1.3 encrypts them')

    // Without a certificate the server refuses: it is the server that decides, and nobody before it.
    const stranger = await runProgram({ program: 'openssl', args: clientArgs, input: 'SNOITPO\n' })
    t.notMatch(stranger.stdout, 'OPTIONS')
    await waitUntil('the server has refused', () =>
      /peer did not return a certificate/.test(server.stderr()),
    )
    t.match(await proxy.streamLine('SIP', 2), { clientNames: undefined })
    t.match(server.stderr(), /CN = sip\.fabrikam\.com/, 'the server has seen the certificate')
  })
}
