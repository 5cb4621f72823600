/** TLS towards clients: names, certificates, protocol versions, and nothing but http/1.1. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { loadRules } from '../../src/config/load.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { sClient } from '../support/openssl.ts'
import { startLoaded, startTestProxy } from '../support/proxy.ts'

/** SSL_AD_UNRECOGNIZED_NAME (RFC 6066 3). */
const UNRECOGNIZED = /SSL alert number 112/

t.test('an unknown name is told so, in every version of TLS', async (t) => {
  const { httpsPort } = await startTestProxy(t, {})
  for (const version of ['-tls1_2', '-tls1_3']) {
    const text = await sClient(httpsPort, ['-servername', 'evil.example', version])
    t.match(text, UNRECOGNIZED, version)
    t.notMatch(text, 'BEGIN CERTIFICATE', 'no certificate is shown')
  }
  t.match(await sClient(httpsPort, ['-servername', 'a.lyncweb.contoso.com']), UNRECOGNIZED)
})

t.test(
  'names compare without case; a client without a name gets the first certificate',
  async (t) => {
    const { httpsPort } = await startTestProxy(t, {})
    for (const options of [['-servername', 'LYNCWEB.Contoso.com'], ['-noservername']]) {
      t.match(await sClient(httpsPort, options), /subject=CN ?= ?lyncweb\.contoso\.com/)
    }
  },
)

t.test('"https: refuse" ends the handshake although a certificate has the name', async (t) => {
  const { httpsPort } = await startTestProxy(t, { rule: 'https: refuse' })
  t.match(await sClient(httpsPort, ['-servername', 'lyncweb.contoso.com']), UNRECOGNIZED)
})

t.test('several certificates: exact before wildcard, the first of two', async (t) => {
  const authority = await createAuthority('Test Root')
  const files: Record<string, string> = { 'root.pem': authority.certificatePem }
  const issued = [
    ['first.contoso.com'],
    ['*.contoso.com', 'w.example'],
    ['meet.contoso.com', 'e.example'],
    ['meet.contoso.com'],
  ]
  for (const [index, names] of issued.entries()) {
    const { certPem, keyPem } = await authority.issue({ names: [`c${index}.example`, ...names] })
    files[`${index}.pem`] = certPem
    files[`${index}.key`] = keyPem
  }
  const file = join(t.testdir(files), 'lyncgate.yaml')
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: 443 }]
certificates:
${issued.map((_, index) => `  - { cert: ${index}.pem, key: ${index}.key }\n`).join('')}pools:
  pool01: { product: skype-se, servers: [fe01.contoso.local], tls: { ca: root.pem }, health: { check: none } }
rules:
  - { name: Web, publish: anything, hosts: ["*.contoso.com"], pool: pool01 }
`,
  )
  const loaded = await loadRules(file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const { httpsPort } = await startLoaded(t, loaded.value, authority)
  const shown: readonly [asked: readonly string[], certificate: number][] = [
    [['-servername', 'first.contoso.com'], 0],
    [['-servername', 'meet.contoso.com'], 2],
    [['-servername', 'MEET.contoso.com'], 2],
    [['-servername', 'dialin.contoso.com'], 1],
    [['-noservername'], 0],
  ]
  for (const [options, certificate] of shown) {
    const text = await sClient(httpsPort, options)
    t.match(text, new RegExp(`subject=CN ?= ?c${certificate}\\.example`), options.join(' '))
  }
  for (const name of ['contoso.com', 'a.b.contoso.com']) {
    t.match(await sClient(httpsPort, ['-servername', name]), UNRECOGNIZED, name)
  }
})

t.test('only http/1.1 is offered', async (t) => {
  const { httpsPort, ca } = await startTestProxy(t, {})
  const name = ['-servername', 'lyncweb.contoso.com']
  t.match(await sClient(httpsPort, [...name, '-alpn', 'h2,http/1.1']), 'ALPN protocol: http/1.1')
  t.match(await sClient(httpsPort, [...name, '-alpn', 'h2']), /alert number 120/, 'never h2')
  const socket = connectTls({
    port: httpsPort,
    host: '127.0.0.1',
    servername: 'lyncweb.contoso.com',
    ca,
  })
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  t.equal(socket.alpnProtocol, false, 'a client that asks for nothing is served')
  socket.destroy()
})

const OLD = ['-cipher', 'ALL:@SECLEVEL=0']
const profiles: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  modern: { '-tls1': false, '-tls1_1': false, '-tls1_2': false, '-tls1_3': true },
  compatible: { '-tls1': false, '-tls1_1': false, '-tls1_2': true, '-tls1_3': true },
  legacy: { '-tls1': true, '-tls1_1': true, '-tls1_2': true, '-tls1_3': true },
}

for (const [profile, versions] of Object.entries(profiles)) {
  t.test(`the profile ${profile}`, async (t) => {
    const { httpsPort } = await startTestProxy(t, { listener: `tls: ${profile}` })
    for (const names of [['-servername', 'lyncweb.contoso.com'], ['-noservername']]) {
      for (const [version, isSpoken] of Object.entries(versions)) {
        const text = await sClient(httpsPort, [...names, version, ...OLD])
        t.equal(/subject=CN ?= ?lyncweb/.test(text), isSpoken, `${version} ${names[0]}`)
      }
    }
  })
}

t.test('RSA and ECDSA side by side: each client gets the one it can use', async (t) => {
  const authority = await createAuthority('Test Root')
  const names = ['lyncweb.contoso.com', 'meet.contoso.com']
  const rsa = await authority.issue({ names, keyType: 'rsa' })
  const ecdsa = await authority.issue({ names: names.slice(0, 1) })
  const directory = t.testdir({
    'root.pem': authority.certificatePem,
    'rsa.pem': rsa.certPem,
    'rsa.key': rsa.keyPem,
    'ecdsa.pem': ecdsa.certPem,
    'ecdsa.key': ecdsa.keyPem,
  })
  const file = join(directory, 'lyncgate.yaml')
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: 443 }]
certificates: [{ cert: rsa.pem, key: rsa.key }, { cert: ecdsa.pem, key: ecdsa.key }]
pools: { pool01: { product: skype-se, servers: [fe01], tls: { ca: root.pem }, health: { check: none } } }
rules: [{ name: Web, publish: anything, hosts: ["*.contoso.com"], pool: pool01 }]
`,
  )
  const loaded = await loadRules(file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const { httpsPort } = await startLoaded(t, loaded.value, authority)
  const keyOf = async (name: readonly string[], kind: string): Promise<string | undefined> => {
    const text = await sClient(httpsPort, [...name, '-sigalgs', kind])
    return /Server public key is (\d+) bit/.exec(text)?.[1]
  }
  const both = ['-servername', 'lyncweb.contoso.com']
  t.equal(await keyOf(both, 'ECDSA+SHA256'), '256')
  t.equal(await keyOf(both, 'RSA-PSS+SHA256'), '2048')
  const one = ['-servername', 'meet.contoso.com']
  t.equal(await keyOf(one, 'RSA-PSS+SHA256'), '2048')
  t.equal(await keyOf(one, 'ECDSA+SHA256'), undefined, 'the other one does not have the name')
  t.equal(await keyOf(['-noservername'], 'ECDSA+SHA256'), undefined, 'nor all names of the first')
  t.equal(await keyOf(['-noservername'], 'RSA-PSS+SHA256'), '2048')
})
