/** Short-lived certificates of a real authority: renewed without cutting anybody, kept while the authority is away. */
import { once } from 'node:events'
import { join } from 'node:path'
import { connect } from 'node:tls'
import t from 'tap'
import { forgetWaiting, readState, startAcmeProxy, untilServed } from '../support/acme-proxy.ts'
import { freePorts } from '../support/free-ports.ts'
import { startPebble } from '../support/real-pebble.ts'
import { requireProgram } from '../support/real-programs.ts'

const host = 'lyncweb.contoso.com'

t.test('a certificate is renewed, and one that cannot be renewed is served on', async (t) => {
  if (!requireProgram(t, 'pebble', 'pebble')) return
  const [httpPort = 0, httpsPort = 0] = await freePorts(2)
  const pebble = await startPebble(t, { httpPort, validity: 36 })
  const directory = t.testdir({})
  const options = {
    directory,
    httpPort,
    httpsPort,
    hosts: [host],
    acme: `directory: "${pebble.directoryUrl}", ca: ${pebble.caFile}, contact: admin@contoso.com, storage: acme, agreeToTerms: true`,
  }
  const proxy = await startAcmeProxy(t, options)
  const root = await pebble.root()
  const first = await untilServed(httpsPort, host, { root })
  const standing = connect({ host: '127.0.0.1', port: httpsPort, servername: host, ca: root })
  standing.on('error', () => {})
  let isCut = false
  standing.on('close', () => {
    isCut = true
  })
  await once(standing, 'secureConnect')

  const isNew = ({ serialNumber }: { serialNumber: string }) => serialNumber !== first.serialNumber
  const issued = () => proxy.lines().filter(({ msg }) => msg === 'acme: issued')
  await proxy.until(() => issued().length === 2)
  const second = await untilServed(httpsPort, host, { root, fits: isNew })
  t.not(second.fingerprint256, first.fingerprint256)
  t.equal(isCut, false, 'a connection that stands stays')
  t.ok(Date.parse(first.valid_to) > Date.parse(second.valid_from), 'before the old one expired')

  await pebble.stop()
  const failed = await proxy.line(({ msg }) => msg === 'acme: not renewed yet')
  t.match(failed, { host, failures: 1, level: 40 })
  t.match(
    proxy.lines().find(({ msg }) => msg === 'acme: the authority issued no certificate'),
    {
      type: 'ECONNREFUSED',
      hint: /firewall/,
    },
  )
  t.equal((await untilServed(httpsPort, host, { root })).serialNumber, second.serialNumber)
  await new Promise((resolve) =>
    setTimeout(resolve, Date.parse(second.valid_to) - Date.now() + 1_000),
  )
  t.equal(await servedSerial(httpsPort), second.serialNumber, 'rather an expired one than none')

  standing.destroy()
  proxy.signal('SIGTERM')
  t.equal(await proxy.exited, 0)
  t.ok(((await readState(join(directory, 'acme'))).names[host]?.nextTryAt ?? 0) > Date.now() + 1000)
  // The authority is back and has lost its memory, accounts included.
  await forgetWaiting(join(directory, 'acme'))
  await pebble.start()
  const again = await startAcmeProxy(t, options)
  t.equal(await servedSerial(httpsPort), second.serialNumber, 'from the first moment on')
  await again.line(({ msg }) => msg === 'acme: issued')
  await untilServed(httpsPort, host, { root: await pebble.root() })
})

/** The serial number of whatever is served, valid or not. */
async function servedSerial(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: host, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}
