/**
 * What each TLS profile speaks and what it never does, asked by `openssl s_client`; and one old name among new ones.
 * The long version of this is test/bench/tls-profiles.ts, which asks testssl.sh.
 */
import { connect as connectTcp } from 'node:net'
import { duplexPair } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { sClient, talkTls } from '../support/openssl.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRulesProxy } from '../support/rules-proxy.ts'

const NAME = 'lyncweb.contoso.com'
const SNI = ['-servername', NAME]
const OLD = ['-cipher', 'ALL:@SECLEVEL=0']
const isDone = (text: string): boolean => /Cipher is (?!\(NONE\))/.test(text)

/** One of each kind. */
const suites: Readonly<Record<string, readonly string[]>> = {
  'ECDHE-ECDSA-AES128-GCM-SHA256': ['compatible', 'legacy'],
  'ECDHE-ECDSA-CHACHA20-POLY1305': ['compatible', 'legacy'],
  'ECDHE-ECDSA-AES128-SHA': ['legacy'],
  'ECDHE-ECDSA-AES128-SHA256': [],
  'ECDHE-ECDSA-NULL-SHA': [],
  'AECDH-AES128-SHA': [],
}

for (const profile of ['modern', 'compatible', 'legacy']) {
  t.test(`suites of the profile ${profile}`, async (t) => {
    const { httpsPort } = await startTestProxy(t, { listener: `tls: ${profile}` })
    for (const [suite, profiles] of Object.entries(suites)) {
      const text = await sClient(httpsPort, [...SNI, '-tls1_2', '-cipher', `${suite}:@SECLEVEL=0`])
      t.equal(isDone(text), profiles.includes(profile), suite)
    }
  })

  t.test(`curves of the profile ${profile}`, async (t) => {
    const { httpsPort } = await startTestProxy(t, { listener: `tls: ${profile}` })
    for (const [curve, isSpoken] of Object.entries({
      X25519: true,
      'P-256': true,
      'P-384': true,
      'P-521': false,
      X448: false,
      secp256k1: false,
    })) {
      const text = await sClient(httpsPort, [...SNI, '-curves', curve])
      t.equal(isDone(text), isSpoken, curve)
    }
    const socket = connectTls({
      port: httpsPort,
      host: '127.0.0.1',
      servername: NAME,
      rejectUnauthorized: false,
      ecdhCurve: 'X25519MLKEM768',
    })
    await new Promise((resolve, reject) =>
      socket.once('secureConnect', resolve).once('error', reject),
    )
    t.equal(socket.getProtocol(), 'TLSv1.3', 'the hybrid curve')
    socket.destroy()
  })

  t.test(`no renegotiation and no compression under ${profile}`, async (t) => {
    const { httpsPort } = await startTestProxy(t, { listener: `tls: ${profile}` })
    const offered = await sClient(httpsPort, [...SNI, '-comp'])
    t.match(offered, 'Compression: NONE')
    if (profile === 'modern') return
    const text = await talkTls(httpsPort, [...SNI, '-tls1_2'], {
      say: 'R\n',
      end: /RENEGOTIATING[\s\S]*error/,
    })
    t.match(text, /no renegotiation|alert number 100/)
    t.match(text, 'Secure Renegotiation IS supported', 'the extension is there (RFC 5746)')
  })
}

const rules = (listenerProfile: string): string => `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: 80, https: 443, tls: ${listenerProfile} }]
certificates: [{ cert: public.pem, key: public.key }]
pools: { pool01: { product: skype-se, servers: [127.0.0.1], tls: { ca: root.pem }, health: { check: none } } }
rules:
  - { name: Phones, publish: anything, hosts: [phones.contoso.com], pool: pool01, tls: legacy }
  - { name: New, publish: anything, hosts: ["*.new.contoso.com"], pool: pool01, tls: modern }
  - { name: Web, publish: anything, hosts: [${NAME}], pool: pool01 }
`

const start = (t: Test, profile = 'compatible') =>
  startRulesProxy(t, {
    rules: rules(profile),
    names: [NAME, 'phones.contoso.com', '*.new.contoso.com'],
  })

/** The versions that are spoken, as digits: `0123`. */
async function versionsOf(port: number, name: readonly string[]): Promise<string> {
  let spoken = ''
  for (const [digit, version] of ['-tls1', '-tls1_1', '-tls1_2', '-tls1_3'].entries())
    if (isDone(await sClient(port, [...name, version, ...OLD]))) spoken += digit
  return spoken
}

t.test('one old name is lowered, everything else stays as it is', async (t) => {
  const { httpsPort } = await start(t)
  t.equal(await versionsOf(httpsPort, ['-servername', 'phones.contoso.com']), '0123')
  t.equal(await versionsOf(httpsPort, ['-servername', 'PHONES.contoso.com']), '0123')
  t.equal(await versionsOf(httpsPort, ['-servername', 'a.new.contoso.com']), '3')
  t.equal(await versionsOf(httpsPort, SNI), '23')
  t.equal(await versionsOf(httpsPort, ['-noservername']), '23')
  t.equal(await versionsOf(httpsPort, ['-servername', 'evil.example']), '')
  const weak = ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA']
  t.ok(isDone(await sClient(httpsPort, ['-servername', 'phones.contoso.com', ...weak])))
  t.notOk(isDone(await sClient(httpsPort, [...SNI, ...weak])), 'ciphers too')
})

t.test('a session of the old name does not open another one', async (t) => {
  const { httpsPort } = await start(t)
  const at = (servername: string, session?: Buffer) =>
    new Promise<{ version: string | null; session: Buffer | undefined }>((resolve, reject) => {
      const socket = connectTls({
        port: httpsPort,
        host: '127.0.0.1',
        servername,
        rejectUnauthorized: false,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'ALL:@SECLEVEL=0',
        ...(session ? { session } : {}),
      })
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        resolve({ version: socket.getProtocol(), session: socket.getSession() })
        socket.destroy()
      })
    })
  const { session } = await at('phones.contoso.com')
  t.equal((await at('phones.contoso.com', session)).version, 'TLSv1.1')
  await t.rejects(at(NAME, session), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
})

t.test('a request does not reach a name through a lower handshake', async (t) => {
  const { httpsPort, ca, line } = await start(t, 'legacy')
  const ask = async (serverName: string, host: string): Promise<string> => {
    const client = await openRawClient(t, { port: httpsPort, tls: { serverName, ca } })
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    return client.closed()
  }
  t.match(await ask('phones.contoso.com', 'a.new.contoso.com'), /^HTTP\/1.1 421 /)
  t.match(await line(({ host }) => host === 'a.new.contoso.com'), {
    outcome: 'client-not-published',
    reason: /higher TLS profile/,
  })
  t.match(await ask('a.new.contoso.com', 'a.new.contoso.com'), /^HTTP\/1.1 503 /, 'its own')
  t.match(await ask('a.new.contoso.com', 'phones.contoso.com'), /^HTTP\/1.1 503 /, 'from above')
})

t.test('a ClientHello in pieces finds its profile, and one that never ends goes', async (t) => {
  const { httpsPort, proxy } = await start(t)
  const relay = connectTcp(httpsPort, '127.0.0.1')
  t.teardown(() => relay.destroy())
  await new Promise((resolve) => relay.once('connect', resolve))
  const hello = await recordHello('phones.contoso.com')
  for (const byte of hello.subarray(0, 20)) relay.write(Buffer.from([byte]))
  relay.write(hello.subarray(20))
  const [answer] = await new Promise<[Buffer]>((resolve) =>
    relay.once('data', (bytes: Buffer) => resolve([bytes])),
  )
  t.equal(answer[0], 22, 'a handshake record')
  t.equal(answer.readUInt16BE(1), 0x0302, 'of TLS 1.1')
  relay.destroy()

  const half = connectTcp(httpsPort, '127.0.0.1')
  await new Promise((resolve) => half.once('connect', resolve))
  const closed = new Promise((resolve) => half.once('close', resolve))
  half.on('data', () => {})
  half.end(hello.subarray(0, 50))
  await closed
  t.equal(proxy.openConnections, 0)
})

t.test('a PROXY header and a ClientHello in one piece find the profile too', async (t) => {
  const text = `${rules('compatible').replace('https: 443,', 'https: 443, proxyProtocol: required,')}trustedProxies: [127.0.0.1]\n`
  const names = [NAME, 'phones.contoso.com', '*.new.contoso.com']
  const { httpsPort } = await startRulesProxy(t, { rules: text, names })
  const header = Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.1 50000 443\r\n')
  const hello = await recordHello('phones.contoso.com')
  for (const pieces of [[Buffer.concat([header, hello])], [header, hello]]) {
    const client = connectTcp(httpsPort, '127.0.0.1')
    t.teardown(() => client.destroy())
    for (const piece of pieces) client.write(piece)
    const answer = await new Promise<Buffer>((resolve) =>
      client.once('data', (bytes: Buffer) => resolve(bytes)),
    )
    t.equal(answer[0], 22, 'a handshake record')
    t.equal(answer.readUInt16BE(1), 0x0302, 'of TLS 1.1')
  }
})

t.test('a client that says nothing is sent away in time', async (t) => {
  const text = `${rules('compatible')}timeouts: { handshake: 1s }\n`
  const names = [NAME, 'phones.contoso.com', '*.new.contoso.com']
  const { httpsPort, line } = await startRulesProxy(t, { rules: text, names })
  const silent = connectTcp(httpsPort, '127.0.0.1')
  silent.resume()
  await new Promise((resolve) => silent.once('close', resolve))
  t.match(await line(({ msg }) => msg === 'handshake failed'), {
    reason: 'ERR_TLS_HANDSHAKE_TIMEOUT',
  })
})

/** What a client that knows no more than TLS 1.1 sends first. */
function recordHello(servername: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const [near, far] = duplexPair()
    far.once('data', resolve)
    connectTls({
      socket: near,
      servername,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    }).on('error', () => {})
  })
}
