/** HAProxy behind a stream, which reads the PROXY header and says who the client is. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { freePorts } from '../support/free-ports.ts'
import { startProgram, waitUntil } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'
import { connectClient, readAll, startStreamProxy, streamEntry } from '../support/stream-proxy.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

t.test('version 1 and 2 are understood', async (t) => {
  if (!requireProgram(t, 'haproxy', 'haproxy')) return
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-haproxy-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [port = 0, plain = 0] = await freePorts(2)
  const answer = 'http-request return status 200 content-type text/plain lf-string'
  await writeFile(
    join(directory, 'haproxy.cfg'),
    `defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend named
  bind 127.0.0.1:${port} accept-proxy
  ${answer} "<%[src] %[src_port] %[dst] %[dst_port]>"
frontend plain
  bind 127.0.0.1:${plain}
  ${answer} plain
`,
  )
  const haproxy = startProgram({
    program: 'haproxy',
    args: ['-db', '-f', join(directory, 'haproxy.cfg')],
  })
  t.teardown(() => haproxy.stop())
  await waitUntil('HAProxy listens', async () => {
    if (haproxy.hasEnded()) throw new Error(haproxy.stderr())
    return fetch(`http://127.0.0.1:${plain}/`).then(
      () => true,
      () => false,
    )
  })
  const proxy = await startStreamProxy(
    t,
    ['v1', 'v2'].flatMap((version) => [
      streamEntry(version, [port], `proxyProtocol: ${version}`),
      streamEntry(`${version} six`, [port], `proxyProtocol: ${version}`).replace(
        'address: 127.0.0.1,',
        'address: "::1",',
      ),
    ]),
  )
  for (const version of ['v1', 'v2']) {
    const four = await connectClient(t, proxy.streamPort(version))
    four.write(GET)
    const expected = `<127.0.0.1 ${four.localPort} 127.0.0.1 ${proxy.streamPort(version)}>`
    t.match((await readAll(four)).toString(), expected, version)

    const to = proxy.streamPort(`${version} six`)
    const six = connect(to, '::1')
    six.write(GET)
    const text = (await readAll(six)).toString()
    t.match(text, `<::1 ${six.localPort ?? ''}`, `${version} over IPv6`)
    t.match(text, `::1 ${to}>`)
  }
  const without = await startStreamProxy(t, [streamEntry('SIP', [port])])
  const refused = await connectClient(t, without.streamPort('SIP'))
  refused.write(GET)
  t.notMatch((await readAll(refused)).toString(), '200', 'and it does insist on the header')
})
