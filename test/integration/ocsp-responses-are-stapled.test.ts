/** What `openssl s_client -status` gets, with the responder of `openssl ocsp`, and with ones that do not do their work. */
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { renderMetrics } from '../../src/observe/metrics/render-metrics.ts'
import { startCommand } from '../support/command.ts'
import { readExposition, sampleValue } from '../support/exposition.ts'
import { freePorts } from '../support/free-ports.ts'
import { createOcspAuthority, type OcspAuthority } from '../support/ocsp-authority.ts'
import { sClient } from '../support/openssl.ts'
import { startReloadingProxy } from '../support/reloading-proxy.ts'

const NAME = 'web.example'
const names = [NAME, 'phones.example', 'new.example']
const sni = (name: string): readonly string[] => ['-servername', name]

interface RulesParts {
  readonly port: number
  readonly certificates: readonly string[]
  readonly top?: string
}

/** The certificates lie where the authority made them. */
const rulesOf = (
  { directory }: OcspAuthority,
  { port, certificates, top = 'ocspStapling: on' }: RulesParts,
): string => `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: ${port} }]
certificates:
${certificates
  .map((each) => `  - { cert: ${directory}/${each}-chain.pem, key: ${directory}/${each}.key }\n`)
  .join('')}pools: { pool01: { product: other, servers: [127.0.0.1], health: { check: none } } }
rules:
  - { name: Web, publish: anything, hosts: [${NAME}], pool: pool01 }
  - { name: Phones, publish: anything, hosts: [phones.example], pool: pool01, tls: legacy }
  - { name: New, publish: anything, hosts: [new.example], pool: pool01, tls: modern }
${top}
`

interface Shown {
  /** `good`, `none` or what else openssl says. */
  readonly status: string
  /** Of the certificate that is shown. */
  readonly keyType: string | undefined
}

/** Asks for a staple. Throws when there is one for another certificate. */
async function handshake(port: number, options: readonly string[]): Promise<Shown> {
  const text = await sClient(port, ['-status', '-showcerts', ...options])
  if (!/Cipher is (?!\(NONE\))/.test(text)) throw new Error(text)
  const keyType = /a:PKEY: ([\w-]+)/.exec(text)?.[1]
  if (text.includes('OCSP response: no response sent')) return { status: 'none', keyType }
  const pem = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(
    text.slice(text.indexOf('Certificate chain')),
  )?.[0]
  const { serialNumber } = new X509Certificate(pem ?? '')
  if (!text.includes(`Serial Number: ${serialNumber}`)) throw new Error(`not for this one: ${text}`)
  return { status: /Cert Status: (\w+)/.exec(text)?.[1] ?? text, keyType }
}

type Behave = (res: ServerResponse, request: Buffer) => void

/** A responder that behaves as the test says. */
async function startResponder(t: Test, { port }: OcspAuthority) {
  const own = { asked: 0, behave: ((res) => res.end()) as Behave, heard: () => {} }
  const server = createServer((req: IncomingMessage, res) => {
    own.asked++
    own.behave(res, Buffer.from(decodeURIComponent(req.url?.slice(1) ?? ''), 'base64'))
    own.heard()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return own
}

const answerOf =
  (authority: OcspAuthority): Behave =>
  (res, request) =>
    void authority.answer(request).then((answer) => res.end(answer))

const fetched = ({ msg }: { readonly msg: string }): boolean => msg === 'OCSP response fetched'

t.test('RSA and ECDSA side by side, under each profile, and without a name', async (t) => {
  const authority = await createOcspAuthority(t)
  const [port = 0] = await freePorts(1)
  for (const [name, key] of [
    ['rsa', 'rsa:2048'],
    ['ec', 'ec/P-256'],
  ] as const) {
    await authority.issue(name, { names, key })
    await authority.setStatus(name, 'good')
  }
  await authority.startResponder()
  const rules = rulesOf(authority, { port, certificates: ['rsa', 'ec'] })
  const proxy = await startReloadingProxy(t, { rules })
  await proxy.line(() => proxy.lines.filter(fetched).length === 2)

  for (const name of names) {
    const rsa = [...sni(name), '-sigalgs', 'RSA-PSS+SHA256']
    t.same(await handshake(port, rsa), { status: 'good', keyType: 'rsaEncryption' }, `${name} RSA`)
    const ec = [...sni(name), '-sigalgs', 'ECDSA+SHA256:RSA-PSS+SHA256']
    t.same(
      await handshake(port, ec),
      { status: 'good', keyType: 'id-ecPublicKey' },
      `${name} ECDSA`,
    )
  }
  t.match(await handshake(port, [...sni(NAME), '-tls1_2']), { status: 'good' }, 'TLS 1.2')
  t.match(await handshake(port, ['-noservername']), { status: 'none' }, 'OpenSSL chooses there')

  await proxy.change(rulesOf(authority, { port, certificates: ['rsa'] }))
  t.match(await handshake(port, ['-noservername']), { status: 'good' }, 'no choice')
  t.match(await handshake(port, sni('phones.example')), { status: 'good' })

  const metrics = readExposition(await renderMetrics(await proxy.runtime.collectMetrics()))
  t.equal(sampleValue(metrics, 'lyncgate_ocsp_fetches_total', { outcome: 'good' }), 2)
})

t.test('a handshake does not wait for a responder that hangs', async (t) => {
  const authority = await createOcspAuthority(t)
  const [port = 0] = await freePorts(1)
  await authority.issue('web', { names })
  await authority.setStatus('web', 'good')
  const responder = await startResponder(t, authority)
  const asked = new Promise<() => void>((resolve) => {
    responder.behave = (res, request) => resolve(() => answerOf(authority)(res, request))
  })
  const rules = rulesOf(authority, { port, certificates: ['web'] })
  const proxy = await startReloadingProxy(t, { rules })
  const answerNow = await asked
  t.match(await handshake(port, sni(NAME)), { status: 'none' })
  t.equal(
    proxy.lines.some(({ msg }) => /OCSP/.test(msg)),
    false,
    'it still hangs',
  )
  answerNow()
  await proxy.line(fetched)
  t.match(await handshake(port, sni(NAME)), { status: 'good' })
})

t.test('a responder that is down, huge or talks nonsense costs nobody a handshake', async (t) => {
  const authority = await createOcspAuthority(t)
  const [port = 0] = await freePorts(1)
  const rules = (certificate: string): string =>
    rulesOf(authority, { port, certificates: [certificate] })
  for (const name of ['down', 'huge', 'garbage', 'revoked', 'good']) {
    await authority.issue(name, { names })
    if (name !== 'good') await authority.setStatus(name, name === 'revoked' ? name : 'good')
  }
  await authority.setStatus('good', 'good')
  const proxy = await startReloadingProxy(t, { rules: rules('down') })
  const reasonOf = async (reason: string) =>
    proxy.line((line) => line.msg === 'no OCSP response' && line.reason === reason)
  await reasonOf('ECONNREFUSED')
  t.match(await handshake(port, sni(NAME)), { status: 'none' })

  const responder = await startResponder(t, authority)
  responder.behave = (res) => res.end('x'.repeat(100_000))
  await proxy.change(rules('huge'))
  await reasonOf('an answer of more than 64 KiB')
  t.match(await handshake(port, sni(NAME)), { status: 'none' })

  responder.behave = (res) => res.end('<html>')
  await proxy.change(rules('garbage'))
  t.match(await reasonOf('malformed response'), { level: 40, stapledUntil: undefined })
  t.match(await handshake(port, sni(NAME)), { status: 'none' })

  responder.behave = answerOf(authority)
  await proxy.change(rules('revoked'))
  t.match(await proxy.line(({ msg }) => msg === 'certificate is revoked'), { level: 50 })
  t.match(await handshake(port, sni(NAME)), { status: 'none' })

  await proxy.change(rules('good'))
  await proxy.line(fetched)
  t.match(await handshake(port, sni(NAME)), { status: 'good' })
})

t.test('off unless it is asked for; reloads keep what stays and forget what goes', async (t) => {
  const authority = await createOcspAuthority(t)
  const [port = 0] = await freePorts(1)
  for (const name of ['one', 'two']) {
    await authority.issue(name, { names: [name === 'one' ? NAME : 'phones.example'] })
    await authority.setStatus(name, 'good')
  }
  const responder = await startResponder(t, authority)
  responder.behave = answerOf(authority)
  const rules = (certificates: readonly string[], top?: string): string =>
    rulesOf(authority, { port, certificates, ...(top === undefined ? {} : { top }) })
  const proxy = await startReloadingProxy(t, { rules: rules(['one'], '') })
  t.match(await handshake(port, sni(NAME)), { status: 'none' })
  t.equal(responder.asked, 0, 'no call of its own')

  await proxy.change(rules(['one']))
  await proxy.line(fetched)
  t.match(await handshake(port, sni(NAME)), { status: 'good' })

  await proxy.change(rules(['one', 'two']))
  await proxy.line((line) => fetched(line) && JSON.stringify(line).includes('phones.example'))
  t.match(await handshake(port, sni(NAME)), { status: 'good' }, 'without being asked for again')
  t.match(await handshake(port, sni('phones.example')), { status: 'good' })
  t.equal(responder.asked, 2)

  await proxy.change(rules(['one', 'two'], ''))
  t.match(await handshake(port, sni(NAME)), { status: 'none' })
  t.match(await handshake(port, sni('phones.example')), { status: 'none' })
  t.equal(responder.asked, 2)
})

t.test('two workers staple, and one that is started later does too', async (t) => {
  const authority = await createOcspAuthority(t)
  const [port = 0] = await freePorts(1)
  await authority.issue('web', { names })
  await authority.setStatus('web', 'good')
  const responder = await startResponder(t, authority)
  responder.behave = answerOf(authority)
  const file = join(t.testdir({}), 'lyncgate.yaml')
  const top = 'ocspStapling: on\nworkers: 2'
  await writeFile(file, rulesOf(authority, { port, certificates: ['web'], top }))
  const command = startCommand(t, 'run', '--config', file)
  await command.until((stdout) => stdout.includes('"msg":"OCSP response fetched"'))
  /** The kernel chooses the worker: all of twenty at one of two happens once in a million. */
  const stapled = async (): Promise<ReadonlySet<string>> => {
    const seen = new Set<string>()
    for (let n = 0; n < 20; n++) seen.add((await handshake(port, sni(NAME))).status)
    return seen
  }
  // The line is written as soon as the workers were told, not when they have heard.
  while ((await stapled()).has('none'));

  const pid = /"worker":1,.*?"pid":(\d+),"msg":"worker serves"/.exec(command.stdout)?.[1]
  process.kill(Number(pid), 'SIGKILL')
  await command.until((stdout) => /"worker":3,[^\n]*"msg":"worker serves"/.test(stdout))
  t.same(await stapled(), new Set(['good']))
  t.equal(responder.asked, 1, 'one process asks for all')
})
