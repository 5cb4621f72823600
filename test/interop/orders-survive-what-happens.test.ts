/** Orders at a real authority: account binding, other authorities, a sudden death, and two proxies with one storage. */
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type AcmeProxy,
  forgetWaiting,
  readState,
  startAcmeProxy,
  untilServed,
} from '../support/acme-proxy.ts'
import { freePorts } from '../support/free-ports.ts'
import { type Pebble, startPebble } from '../support/real-pebble.ts'
import { waitUntil } from '../support/real-process.ts'
import { requireProgram } from '../support/real-programs.ts'

const host = 'lyncweb.contoso.com'
const hmacKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'

const authorityOf = ({ directoryUrl, caFile }: Pebble): string =>
  `directory: "${directoryUrl}", ca: ${caFile}`

t.test(
  'an account is bound to a customer; the next authority is tried; RSA for phones',
  async (t) => {
    if (!requireProgram(t, 'pebble', 'pebble')) return
    const [httpPort = 0, httpsPort = 0, closedPort = 0] = await freePorts(3)
    const pebble = await startPebble(t, { httpPort, bindingKeys: { 'kid-1': hmacKey } })
    const directory = t.testdir({ 'hmac.txt': `${hmacKey}\n` })
    const proxy = await startAcmeProxy(t, {
      directory,
      httpPort,
      httpsPort,
      hosts: [host],
      acme: `directory: "https://127.0.0.1:${closedPort}/", contact: admin@contoso.com, storage: acme, agreeToTerms: true, keyType: rsa, fallbacks: [
      { ${authorityOf(pebble)} },
      { ${authorityOf(pebble)}, eab: { kid: kid-1, key: hmac.txt } } ]`,
    })
    const certificate = await untilServed(httpsPort, host, { root: await pebble.root() })
    t.equal(certificate.bits, 2048)
    const said = proxy
      .lines()
      .filter(({ msg }) => msg === 'acme: the authority issued no certificate')
    t.match(
      said.map(({ type }) => type),
      ['ECONNREFUSED', 'externalAccountRequired'],
    )
  },
)

t.test('a proxy that is killed in an order goes on when its time has come', async (t) => {
  if (!requireProgram(t, 'pebble', 'pebble')) return
  const [httpPort = 0, httpsPort = 0] = await freePorts(2)
  const pebble = await startPebble(t, { httpPort, validationSeconds: 8 })
  const directory = t.testdir({})
  const storage = join(directory, 'acme')
  const acme = `${authorityOf(pebble)}, contact: admin@contoso.com, storage: acme, agreeToTerms: true`
  const options = { directory, httpPort, httpsPort, hosts: [host], acme }
  const proxy = await startAcmeProxy(t, options)
  await waitUntil('a challenge is published', () => challengesIn(storage).length > 0)
  proxy.signal('SIGKILL')
  await proxy.exited
  const { nextTryAt = 0, failures } = (await readState(storage)).names[host] ?? {}
  t.equal(failures, 1, 'a try that was begun is one')
  t.ok(nextTryAt > Date.now() + 3 * 60_000, 'so that restarts do not order each time')
  t.equal(challengesIn(storage).length, 1)
  t.match(readFileSync(join(storage, 'lease'), 'utf8'), /\d/)

  await forgetWaiting(storage)
  const [again = 0, againTls = 0] = await freePorts(2)
  await waitUntil('its workers have gone', () => isFree(httpPort))
  await startBalancer(t, { port: httpPort, to: () => again })
  const second = await startAcmeProxy(t, { ...options, httpPort: again, httpsPort: againTls })
  await second.line(({ msg }) => msg === 'acme: issued')
  await untilServed(againTls, host, { root: await pebble.root() })
  await waitUntil('nothing is left', () => challengesIn(storage).length === 0)
})

t.test('of two proxies with one storage one orders, and the other one answers too', async (t) => {
  if (!requireProgram(t, 'pebble', 'pebble')) return
  const [httpPort = 0, oneHttp = 0, oneHttps = 0, otherHttp = 0, otherHttps = 0] =
    await freePorts(5)
  const pebble = await startPebble(t, { httpPort })
  const directory = t.testdir({})
  const acme = `${authorityOf(pebble)}, contact: admin@contoso.com, storage: acme, agreeToTerms: true`
  const start = (http: number, https: number): Promise<AcmeProxy> =>
    startAcmeProxy(t, { directory, httpPort: http, httpsPort: https, hosts: [host], acme })
  const [one, other] = await Promise.all([start(oneHttp, oneHttps), start(otherHttp, otherHttps)])
  const orders = (proxy: AcmeProxy): number =>
    proxy.lines().filter(({ msg }) => msg === 'acme: ordering').length
  // Always the one that does not order.
  let asked = 0
  await startBalancer(t, {
    port: httpPort,
    to: () => {
      asked++
      return orders(one) > 0 ? otherHttp : oneHttp
    },
  })
  const root = await pebble.root()
  const served = await untilServed(oneHttps, host, { root })
  t.equal((await untilServed(otherHttps, host, { root })).serialNumber, served.serialNumber)
  t.equal(orders(one) + orders(other), 1)
  t.ok(asked > 0)
  const witness = orders(one) > 0 ? other : one
  // Its workers serve before it has written so.
  t.match(await witness.line(({ msg }) => msg === 'reloaded'), { trigger: 'file' })
})

function challengesIn(storage: string): readonly unknown[] {
  try {
    return JSON.parse(readFileSync(join(storage, 'challenges.json'), 'utf8')) as unknown[]
  } catch {
    return []
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })

/** Hands each connection on to the port of the moment. */
async function startBalancer(
  t: Test,
  { port, to }: { readonly port: number; readonly to: () => number },
): Promise<void> {
  const server = createServer((client) => {
    const onward = connect(to(), '127.0.0.1')
    for (const socket of [client, onward]) socket.on('error', () => {})
    client.pipe(onward).pipe(client)
    client.on('close', () => onward.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  t.teardown(() => void server.close())
}
