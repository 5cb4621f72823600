/**
 * SIP OPTIONS over mutual TLS through a stream. Debian's sipp speaks no TLS, so that HAProxy does it for sipp on both
 * sides: SIP is sipp's, TLS with certificates of both sides is OpenSSL's, and lyncgate is in the middle.
 *
 *   sipp ──TCP── HAProxy ══TLS══ lyncgate ══TLS══ HAProxy ──TCP── sipp
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { freePorts } from '../support/free-ports.ts'
import { createMutualCertificates } from '../support/openssl-certificates.ts'
import { runProgram, startProgram, waitUntil } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'
import { answersOptions, asksOptions } from '../support/sip-scenarios.ts'
import { startStreamProxy, streamEntry } from '../support/stream-proxy.ts'

const CALLS = 20

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

t.test('OPTIONS and 200, over TLS 1.2 with certificates of both sides', async (t) => {
  if (!requireProgram(t, 'sipp', 'sip-tester')) return
  if (!requireProgram(t, 'haproxy', 'haproxy')) return
  if (!requireProgram(t, 'openssl', 'openssl')) return
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-sip-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const certificates = await createMutualCertificates(directory)
  const edge = await certificates.issue('edge.contoso.com')
  const partner = await certificates.issue('sip.fabrikam.com')
  const [sip = 0, tls = 0, asks = 0] = await freePorts(3)
  const proxy = await startStreamProxy(t, [streamEntry('SIP federation', [tls])])

  const config = `global
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen edge
  bind 127.0.0.1:${tls} ssl crt ${edge.both} ca-file ${certificates.ca} verify required ssl-max-ver TLSv1.2
  server sipp 127.0.0.1:${sip}
listen partner
  bind 127.0.0.1:${asks}
  server lyncgate 127.0.0.1:${proxy.streamPort('SIP federation')} ssl verify required ca-file ${certificates.ca} crt ${partner.both} sni str(edge.contoso.com) verifyhost edge.contoso.com
`
  await writeFile(join(directory, 'haproxy.cfg'), config)
  const haproxy = startProgram({
    program: 'haproxy',
    args: ['-db', '-f', join(directory, 'haproxy.cfg')],
  })
  t.teardown(() => haproxy.stop())
  await waitUntil('HAProxy listens', () => {
    if (haproxy.hasEnded()) throw new Error(haproxy.stderr())
    return accepts(tls)
  })

  const sipp = async (name: string, scenario: string, ...args: readonly string[]) => {
    const file = join(directory, `${name}.xml`)
    await writeFile(file, scenario)
    return {
      program: 'sipp',
      args: ['-sf', file, '-t', 't1', '-i', '127.0.0.1', '-nostdin', ...args],
      env: { TERM: 'xterm' },
    }
  }
  const uas = startProgram(await sipp('uas', answersOptions, '-p', String(sip)))
  t.teardown(() => uas.stop('SIGKILL'))
  await waitUntil('sipp listens', () => {
    if (uas.hasEnded()) throw new Error(uas.stderr())
    return accepts(sip)
  })
  const calls = ['-m', String(CALLS), '-r', '20', '-timeout', '20s', '-timeout_error']
  const uac = await runProgram(await sipp('uac', asksOptions, ...calls, `127.0.0.1:${asks}`))
  if (uac.code !== 0) t.comment(`${uac.stdout.slice(-2_000)}${uac.stderr}`)
  t.equal(uac.code, 0, 'every OPTIONS has got its 200')

  const line = await proxy.streamLine('SIP federation')
  t.match(line, {
    outcome: 'done',
    sni: 'edge.contoso.com',
    serverNames: ['edge.contoso.com'],
    clientNames: ['sip.fabrikam.com'],
  })
  t.ok((line.clientBytes ?? 0) > CALLS * 200, 'all over one connection')
  t.equal(proxy.counts('SIP federation').outcomes.done, 1)
})
