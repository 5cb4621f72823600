/** Each thing that can be wrong with the files of a certificate, made by OpenSSL, has its own code, path and advice. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { LoadedCertificate } from '../../../src/certificates/certificate.ts'
import { loadCertificate } from '../../../src/certificates/load-certificate.ts'
import { troubleSeverities } from '../../../src/certificates/trouble.ts'
import type { CertificateRule } from '../../../src/config/rules.ts'
import { createAuthority } from '../../../src/lab/authority.ts'
import { authorityExtensions, makeCertificate, openssl } from '../../support/openssl.ts'

const directory = t.testdir({})
const at = (name: string): string => join(directory, name)
const read = (name: string): string => readFileSync(at(name), 'utf8')
// Certificates that are made in the course of the test are valid from this second on.
const now = new Date(Date.now() + 60_000)
const DAY_MS = 86_400_000

/** Writes a file as a careful administrator does. */
function write(name: string, content: string | Buffer, mode = 0o600): void {
  writeFileSync(at(name), content)
  chmodSync(at(name), mode)
}

interface Files {
  readonly cert?: string
  readonly key?: string
  readonly chain?: string
  readonly pfx?: string
  readonly pass?: string
}

function ruleOf({ cert = 'leaf.pem', key = 'leaf.key', chain, pfx, pass }: Files): CertificateRule {
  const passphraseFile = pass === undefined ? undefined : at(pass)
  if (pfx !== undefined) return { kind: 'pfx', pfxFile: at(pfx), passphraseFile }
  const chainFile = chain === undefined ? undefined : at(chain)
  return { kind: 'pem', certFile: at(cert), keyFile: at(key), chainFile, passphraseFile }
}

const load = (files: Files, isStapled = false) =>
  loadCertificate(ruleOf(files), now, { purpose: 'server', isStapled })
const seen = new Set<string>()

/** What is wrong: `key of the rules file: code`. */
async function troublesOf(files: Files, isStapled = false): Promise<readonly string[]> {
  const { certificate, troubles } = await load(files, isStapled)
  for (const { code, message, hint, severity } of troubles) {
    seen.add(code)
    t.match(message, directory, `${code} names the path`)
    t.ok(hint.length > 8, `${code} has a hint`)
    t.equal(severity, troubleSeverities[code])
  }
  const isUsable = troubles.every(({ severity }) => severity === 'warning')
  t.equal(certificate !== undefined, isUsable, 'usable without errors')
  return troubles.map(({ file, code }) => `${file}: ${code}`)
}

t.before(async () => {
  const extensions = authorityExtensions
  await makeCertificate(directory, { name: 'root', extensions })
  await makeCertificate(directory, { name: 'middle', by: 'root', extensions })
  const leaf = ['subjectAltName=DNS:leaf.example,DNS:*.leaf.example', 'extendedKeyUsage=serverAuth']
  const fetched = 'authorityInfoAccess=caIssuers;URI:http://ca.example/middle.cer'
  await makeCertificate(directory, { name: 'leaf', by: 'middle', extensions: [...leaf, fetched] })
  write('no-key', read('leaf.pem'))
  write('full.pem', read('leaf.pem') + read('middle.pem'))
  write('pass', 'open sesame\n')
  write('wrong', 'close sesame\n')
})

t.test('a chain in one file, or in two, is what is served', async (t) => {
  const { certificate, troubles } = await load({ cert: 'full.pem' })
  t.same(troubles, [])
  t.match(certificate, {
    names: ['leaf.example', '*.leaf.example'],
    issuer: 'middle',
    keyType: 'rsa',
    keyBits: 2048,
    certPem: read('full.pem'),
  })
  t.same((await load({ chain: 'middle.pem' })).certificate, certificate)
})

t.test('it is plain data, and survives a structured clone', async (t) => {
  const { certificate } = await load({ cert: 'full.pem' })
  t.same(structuredClone(certificate), certificate)
  for (const value of Object.values(certificate as LoadedCertificate))
    t.ok(
      ['string', 'number'].includes(typeof value) || Array.isArray(value) || value instanceof Date,
    )
})

t.test('order, strangers and gaps of a chain', async (t) => {
  const sent = (await load({ cert: 'full.pem' })).certificate?.certPem
  write('turned.pem', read('middle.pem') + read('leaf.pem'))
  t.same(await troublesOf({ cert: 'turned.pem' }), ['cert: chain-order'])
  t.equal(
    (await load({ cert: 'turned.pem' })).certificate?.certPem,
    sent,
    'sent in the right order',
  )
  await makeCertificate(directory, { name: 'stranger' })
  write('strange.pem', read('leaf.pem') + read('stranger.pem') + read('middle.pem'))
  t.same(await troublesOf({ cert: 'strange.pem' }), ['cert: chain-order'])
  t.equal((await load({ cert: 'strange.pem' })).certificate?.certPem, sent)
  t.same(await troublesOf({ cert: 'leaf.pem' }), ['cert: chain-incomplete'])
})

t.test('a leaf that a root of a small company authority has signed is complete', async () => {
  await makeCertificate(directory, { name: 'direct', by: 'root' })
  t.same(await troublesOf({ cert: 'direct.pem', key: 'direct.key' }), [])
})

t.test('files that are not what they should be', async () => {
  t.same(await troublesOf({ cert: 'none.pem', key: 'none.key' }), [
    'cert: unreadable-file',
    'key: unreadable-file',
  ])
  mkdirSync(at('directory'))
  t.same(await troublesOf({ cert: 'directory' }), ['cert: unreadable-file'])
  write('huge.pem', Buffer.alloc(1024 * 1024 + 1, 'x'))
  t.same(await troublesOf({ cert: 'huge.pem' }), ['cert: file-too-large'])
  t.same(await troublesOf({ cert: 'leaf.key' }), ['cert: not-a-certificate'])
  t.same(await troublesOf({ cert: 'full.pem', key: 'no-key' }), ['key: not-a-key'])
  t.same(await troublesOf({ cert: 'full.pem', key: 'root.key' }), ['key: key-mismatch'])
})

t.test('wherever a file is cut off', async () => {
  for (const [name, kind] of [
    ['full.pem', 'cert'],
    ['leaf.key', 'key'],
  ] as const) {
    const whole = read(name)
    for (const length of [20, 200, whole.length - 40, whole.length - 10]) {
      write('cut', whole.slice(0, length))
      const files = kind === 'cert' ? { cert: 'cut' } : { cert: 'full.pem', key: 'cut' }
      t.same(await troublesOf(files), [`${kind}: truncated-file`], `${name} at ${length}`)
    }
  }
  write('hollow', read('full.pem').replace(/\n[A-Za-z0-9+/=]{64}\n/, '\n'))
  t.same(await troublesOf({ cert: 'hollow' }), ['cert: truncated-file'])
})

t.test('keys with a passphrase', async (t) => {
  await openssl(
    directory,
    'pkey',
    '-in',
    'leaf.key',
    '-aes256',
    '-passout',
    'file:pass',
    '-out',
    'locked.key',
  )
  await openssl(
    directory,
    'rsa',
    '-in',
    'leaf.key',
    '-aes128',
    '-traditional',
    '-passout',
    'file:pass',
    '-out',
    'older.key',
  )
  for (const key of ['locked.key', 'older.key']) {
    chmodSync(at(key), 0o600)
    t.same(await troublesOf({ cert: 'full.pem', key, pass: 'pass' }), [])
    t.same(await troublesOf({ cert: 'full.pem', key }), ['key: encrypted-key'])
    t.same(await troublesOf({ cert: 'full.pem', key, pass: 'wrong' }), ['key: wrong-passphrase'])
  }
  t.same(
    (await load({ cert: 'full.pem', key: 'locked.key', pass: 'pass' })).certificate,
    (await load({ cert: 'full.pem' })).certificate,
  )
  t.same(await troublesOf({ cert: 'full.pem', key: 'locked.key', pass: 'none' }), [
    'passphraseFile: unreadable-file',
  ])
  write('empty', '\n')
  t.same(await troublesOf({ cert: 'full.pem', key: 'locked.key', pass: 'empty' }), [
    'passphraseFile: bad-passphrase-file',
  ])
  t.same(await troublesOf({ cert: 'full.pem', pass: 'pass' }), [
    'passphraseFile: needless-passphrase',
  ])
  for (const trouble of (await load({ cert: 'full.pem', key: 'locked.key', pass: 'wrong' }))
    .troubles)
    t.notMatch(JSON.stringify(trouble), 'sesame', 'the passphrase is not shown')
})

t.test('PFX as Windows and OpenSSL write it', async (t) => {
  const plain = (await load({ cert: 'full.pem' })).certificate
  const forms: Readonly<Record<string, readonly string[]>> = {
    'aes.pfx': [],
    'windows.pfx': ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    'aes128.pfx': ['-certpbe', 'AES-128-CBC', '-keypbe', 'AES-256-CBC', '-macalg', 'sha512'],
    'no-mac.pfx': ['-nomac'],
    'clear.pfx': ['-certpbe', 'NONE'],
  }
  const make = (out: string, ...more: readonly string[]) =>
    openssl(
      directory,
      'pkcs12',
      '-export',
      '-in',
      'leaf.pem',
      '-inkey',
      'leaf.key',
      '-certfile',
      'middle.pem',
      '-passout',
      'file:pass',
      '-out',
      out,
      ...more,
    )
  for (const [pfx, options] of Object.entries(forms)) {
    await make(pfx, ...options)
    chmodSync(at(pfx), 0o600)
    t.same(await troublesOf({ pfx, pass: 'pass' }), [], pfx)
    t.same((await load({ pfx, pass: 'pass' })).certificate, plain, pfx)
    t.same(await troublesOf({ pfx, pass: 'wrong' }), ['pfx: wrong-passphrase'], pfx)
    t.same(await troublesOf({ pfx }), ['pfx: encrypted-key'], pfx)
  }
  await make('blank.pfx', '-passout', 'pass:')
  chmodSync(at('blank.pfx'), 0o600)
  t.same(await troublesOf({ pfx: 'blank.pfx' }), [], 'an empty passphrase')
  await make('umlaut.pfx', '-passout', 'pass:Käse €')
  chmodSync(at('umlaut.pfx'), 0o600)
  write('umlaut', '\ufeffKäse €\r\n')
  t.same(await troublesOf({ pfx: 'umlaut.pfx', pass: 'umlaut' }), [], 'more than ASCII')
  await make('rc2.pfx', '-legacy', '-certpbe', 'PBE-SHA1-RC2-40', '-macalg', 'sha1')
  chmodSync(at('rc2.pfx'), 0o600)
  t.same(await troublesOf({ pfx: 'rc2.pfx', pass: 'pass' }), ['pfx: old-pfx-encryption'])
  await make('keyless.pfx', '-nokeys')
  chmodSync(at('keyless.pfx'), 0o600)
  t.same(await troublesOf({ pfx: 'keyless.pfx', pass: 'pass' }), ['pfx: not-a-key'])
  t.same(await troublesOf({ pfx: 'full.pem', pass: 'pass' }), ['pfx: not-a-pfx'])
  const whole = readFileSync(at('aes.pfx'))
  for (let length = 0; length < whole.length; length += 101) {
    write('cut.pfx', whole.subarray(0, length))
    t.same(
      await troublesOf({ pfx: 'cut.pfx', pass: 'pass' }),
      ['pfx: not-a-pfx'],
      `cut at ${length}`,
    )
  }
})

t.test('weak keys and signatures', async () => {
  await makeCertificate(directory, { name: 'small', key: 'rsa:1024', by: 'root' })
  t.same(await troublesOf({ cert: 'small.pem', key: 'small.key' }), ['cert: weak-key'])
  await makeCertificate(directory, { name: 'sha1', by: 'root', more: ['-sha1'] })
  t.same(await troublesOf({ cert: 'sha1.pem', key: 'sha1.key' }), ['cert: weak-signature'])
  await makeCertificate(directory, { name: 'curve', key: 'ec/P-256', by: 'root' })
  t.same(await troublesOf({ cert: 'curve.pem', key: 'curve.key' }), [])
})

t.test('what it is made for', async () => {
  const made = async (name: string, extensions: readonly string[]) => {
    await makeCertificate(directory, { name, by: 'root', extensions })
    return troublesOf({ cert: `${name}.pem`, key: `${name}.key` })
  }
  t.same(await made('client', ['subjectAltName=DNS:c', 'extendedKeyUsage=clientAuth']), [
    'cert: no-server-auth',
  ])
  t.same(
    await made('staple', [
      'subjectAltName=DNS:s',
      'extendedKeyUsage=serverAuth',
      'tlsfeature=status_request',
    ]),
    ['cert: must-staple'],
  )
  t.same(await made('unlimited', ['subjectAltName=DNS:u']), [])
  t.same(await made('old-style', ['extendedKeyUsage=serverAuth']), ['cert: names-without-san'])
  t.same(await made('address', ['subjectAltName=IP:192.0.2.1', 'extendedKeyUsage=serverAuth']), [
    'cert: names-without-san',
  ])
  await makeCertificate(directory, {
    name: 'nameless',
    by: 'root',
    extensions: ['extendedKeyUsage=serverAuth'],
    more: ['-subj', '/O=Contoso'],
  })
  t.same(await troublesOf({ cert: 'nameless.pem', key: 'nameless.key' }), [
    'cert: certificate-without-names',
  ])
  const files = ruleOf({ cert: 'client.pem', key: 'client.key' })
  const client = await loadCertificate(files, now, { purpose: 'client', isStapled: false })
  t.same(client.troubles, [], 'one that is shown to servers')
})

t.test('a certificate that demands stapling', async (t) => {
  const demands = ['subjectAltName=DNS:s', 'tlsfeature=status_request']
  const names = ['authorityInfoAccess=OCSP;URI:http://ocsp.example/']
  const make = (name: string, extensions: readonly string[]) =>
    makeCertificate(directory, { name, by: 'root', extensions })
  await make('demanding', demands)
  await make('demanding-asks', [...demands, ...names])
  const seenOf = async (name: string, isStapled: boolean, chain?: string) => {
    const files = { cert: `${name}.pem`, key: `${name}.key`, ...(chain ? { chain } : {}) }
    const { troubles } = await load(files, isStapled)
    return troubles.map(({ code, message, hint }) => `${code} ${message} ${hint}`)
  }
  t.match(await seenOf('demanding-asks', false, 'root.pem'), [/^must-staple .*"ocspStapling: on"/])
  t.same(await seenOf('demanding-asks', true, 'root.pem'), [], 'it gets what it demands')
  t.match(await seenOf('demanding-asks', true), [/^must-staple .*issuer is not in the chain/])
  t.match(await seenOf('demanding', true, 'root.pem'), [/^must-staple .*names no OCSP responder/])
})

t.test('times', async () => {
  const authority = await createAuthority('Test Root')
  const issue = async (from: number, to: number) => {
    const days = (count: number) => new Date(now.getTime() + count * DAY_MS)
    const { certPem, keyPem } = await authority.issue({
      names: ['a.example'],
      notBefore: days(from),
      notAfter: days(to),
    })
    write('timed.pem', certPem)
    write('timed.key', keyPem)
    return troublesOf({ cert: 'timed.pem', key: 'timed.key' })
  }
  t.same(await issue(-90, -1), ['cert: certificate-expired'])
  t.same(await issue(1, 90), ['cert: certificate-not-yet-valid'])
  t.same(await issue(-60, 29), ['cert: certificate-expires-soon'])
  t.same(await issue(-60, 31), [])
  t.same(await issue(-2, 4), [], 'six days are all that it ever has')
})

t.test('a key that everybody can read', async () => {
  write('open.key', read('leaf.key'), 0o644)
  t.same(await troublesOf({ cert: 'full.pem', key: 'open.key' }), ['key: key-readable-by-all'])
  write('group.key', read('leaf.key'), 0o640)
  t.same(await troublesOf({ cert: 'full.pem', key: 'group.key' }), [])
})

t.test('every code was provoked', async () => {
  t.same([...seen].sort(), Object.keys(troubleSeverities).sort())
})
