/** Certificates from a real ACME authority, obtained by `lyncgate run` and seen in real handshakes. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { shakeHands, startAcmeProxy, untilServed } from '../support/acme-proxy.ts'
import { freePorts } from '../support/free-ports.ts'
import { startPebble } from '../support/real-pebble.ts'
import { requireProgram } from '../support/real-programs.ts'

t.test('names without certificate get one, and a name that fails blocks no other', async (t) => {
  if (!requireProgram(t, 'pebble', 'pebble')) return
  const [httpPort = 0, httpsPort = 0] = await freePorts(2)
  const pebble = await startPebble(t, { httpPort, refusedNonces: 50 })
  await pebble.resolve('elsewhere.contoso.com', '127.0.0.9')
  const directory = t.testdir({})
  const proxy = await startAcmeProxy(t, {
    directory,
    httpPort,
    httpsPort,
    hosts: ['elsewhere.contoso.com', 'lyncweb.contoso.com', 'meet.contoso.com'],
    acme: `directory: "${pebble.directoryUrl}", ca: ${pebble.caFile}, contact: admin@contoso.com, storage: acme, agreeToTerms: true`,
  })
  const root = await pebble.root()
  t.match(await shakeHands(httpsPort, 'lyncweb.contoso.com', root), { error: /UNRECOGNIZED_NAME/ })

  for (const host of ['lyncweb.contoso.com', 'meet.contoso.com']) {
    await proxy.line((line) => line.msg === 'acme: issued' && line.host === host)
    await proxy.line(({ msg, trigger }) => msg === 'reloaded' && trigger !== undefined)
  }
  await untilServed(httpsPort, 'meet.contoso.com', { root })
  await untilServed(httpsPort, 'lyncweb.contoso.com', { root })
  const failed = await proxy.line(({ msg }) => msg === 'acme: no valid certificate')
  t.match(failed, { host: 'elsewhere.contoso.com', failures: 1, level: 50 })
  t.match(
    proxy.lines().find(({ msg }) => msg === 'acme: the authority issued no certificate'),
    {
      host: 'elsewhere.contoso.com',
      type: 'connection',
      detail: /127\.0\.0\.9/,
      hint: /port 80/,
    },
  )
  const wait = Date.parse(failed.nextTry ?? '') - Date.now()
  t.ok(wait > 3 * 60_000 && wait < 6 * 60_000, `the next try is in ${wait} ms`)
  t.match(await shakeHands(httpsPort, 'elsewhere.contoso.com', root), {
    error: /UNRECOGNIZED_NAME/,
  })

  const storage = join(directory, 'acme')
  for (const name of readdirSync(storage, { recursive: true, encoding: 'utf8' })) {
    const status = statSync(join(storage, name))
    t.equal(status.mode & 0o777, status.isDirectory() ? 0o700 : 0o600, name)
  }
  t.same(JSON.parse(readFileSync(join(storage, 'challenges.json'), 'utf8')), [])
  t.match(await statusOf(httpPort, 'meet.contoso.com', '/.well-known/acme-challenge/x'), 308)
})

const statusOf = (port: number, host: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers: { host }, agent: false }, (answer) => {
      resolve(answer.statusCode ?? 0)
      answer.resume()
    }).on('error', reject)
  })
