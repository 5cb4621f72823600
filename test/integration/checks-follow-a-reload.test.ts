/** A reload begins the checks of servers that are new, ends those of servers that are gone, and keeps what is known. */
import t from 'tap'
import { freePorts } from '../support/free-ports.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'
import { ruleLine, rulesText, startReloadingProxy } from '../support/reloading-proxy.ts'

/** A pool of these servers, checked by TCP as often as can be. */
function rulesFor(listen: number, ports: readonly number[]): string {
  const text = rulesText({
    listeners: [`{ name: internet, address: 127.0.0.1, http: ${listen} }`],
    pools: { pool01: ports.map((httpPort) => ({ httpPort })) },
    rules: [ruleLine('Web', 'lyncweb.contoso.com', 'pool01')],
  })
  return text.replace(
    '    servers:\n',
    '    health: { check: tcp, interval: 100ms }\n    servers:\n',
  )
}

t.test('servers come and go', async (t) => {
  const [listen = 0] = await freePorts(1)
  const [stays, goes, comes] = [
    await startRecordingBackend(t),
    await startRecordingBackend(t),
    await startRecordingBackend(t),
  ]
  const proxy = await startReloadingProxy(t, {
    rules: rulesFor(listen, [stays.httpPort, goes.httpPort]),
  })
  const healthy = (port: number) =>
    proxy.line((line) => line.msg === 'server is healthy' && `${line.server}`.endsWith(`:${port}`))
  await Promise.all([healthy(stays.httpPort), healthy(goes.httpPort)])

  const outcome = await proxy.change(rulesFor(listen, [stays.httpPort, comes.httpPort]))
  t.match(outcome, { kind: 'reloaded' })
  await healthy(comes.httpPort)
  const asked = goes.connections.length
  const before = stays.connections.length
  await stays.connection(before + 3)
  t.equal(goes.connections.length, asked, 'nobody asks a server that has left')
  t.equal(
    proxy.lines.filter(
      ({ msg, server }) =>
        msg === 'server is healthy' && `${server}`.endsWith(`:${stays.httpPort}`),
    ).length,
    1,
    'what was known stays known',
  )
})
