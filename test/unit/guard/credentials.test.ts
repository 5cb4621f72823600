import t from 'tap'
import { readPasswordGrant, readUsernameToken } from '../../../src/guard/body-credentials.ts'
import { readAuthorizations } from '../../../src/guard/credentials.ts'
import { createAuthenticate, createNegotiate } from '../../../src/ntlm/ntlm-client.ts'
import { ntlmFlags } from '../../../src/ntlm/ntlm-message.ts'
import { fc } from '../../support/property.ts'

const challenge = {
  flags: ntlmFlags.unicode,
  serverChallenge: Buffer.alloc(8),
  targetName: 'CONTOSO',
  targetInfo: Buffer.alloc(4),
}
const typeThree = (user: string, domain = 'CONTOSO'): Buffer =>
  createAuthenticate(challenge, { user, domain, password: 'x' })
const ntlm = (message: Buffer, scheme = 'NTLM'): string => `${scheme} ${message.toString('base64')}`

/** As Windows wraps it: NegTokenResp with a responseToken (RFC 4178 4.2.2). */
const inSpnego = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from('a182020030820200a2820200048201f0', 'hex'), message, Buffer.alloc(16)])

/** The same message with its name written in an OEM code page. */
function narrow(user: string, flags: number): Buffer {
  const message = typeThree('')
  const name = Buffer.from(user, 'latin1')
  const whole = Buffer.concat([message, name])
  whole.writeUInt16LE(name.length, 36)
  whole.writeUInt32LE(message.length, 40)
  whole.writeUInt32LE(flags, 60)
  return whole
}

t.test('NTLM, bare and in SPNEGO', async (t) => {
  const claim = { kind: 'ntlm', users: ['alice'], creditee: 'alice' }
  t.same(readAuthorizations([ntlm(typeThree('Alice'))]), claim)
  const negotiate = { ...claim, kind: 'negotiate' }
  t.same(readAuthorizations([ntlm(typeThree('alice@contoso.com', ''), 'Negotiate')]), negotiate)
  t.same(readAuthorizations([ntlm(inSpnego(typeThree('alice')), 'negotiate')]), negotiate)
})

t.test('what tries no password', async (t) => {
  t.equal(readAuthorizations([ntlm(createNegotiate())]), 'leg')
  t.equal(readAuthorizations([ntlm(typeThree(''))]), 'leg', 'anonymous')
  t.equal(readAuthorizations([ntlm(Buffer.from('a Kerberos ticket'), 'Negotiate')]), 'leg')
  for (const value of ['Bearer abc', 'Basic', 'NTLM', '', 'MsRtcOAuth x'])
    t.equal(readAuthorizations([value]), undefined, value)
})

t.test('a name in an OEM code page, whatever the flags say', async (t) => {
  for (const flags of [0, ntlmFlags.oem, ntlmFlags.unicode])
    for (const user of ['alice', 'carola']) {
      const claim = readAuthorizations([ntlm(narrow(user, flags))])
      t.ok(typeof claim === 'object' && claim.users.includes(user), `${user} ${flags}`)
    }
})

t.test('names that hide behind others are counted, and nobody is credited', async (t) => {
  const both = Buffer.concat([inSpnego(typeThree('mallory')), typeThree('alice')])
  const claims = [
    readAuthorizations([ntlm(both, 'Negotiate')]),
    readAuthorizations(['Basic bWFsbG9yeTp4', ntlm(typeThree('alice'))]),
  ]
  for (const claim of claims) {
    t.match(claim, { users: ['mallory', 'alice'] })
    t.equal((claim as { creditee?: string }).creditee, undefined)
  }
})

t.test('Basic, in both charsets', async (t) => {
  const basic = (text: Buffer): string => `Basic ${text.toString('base64')}`
  for (const [text, user] of [
    [Buffer.from('CONTOSO\\Jörg:x:y'), 'jorg'],
    [Buffer.from('jörg:x', 'latin1'), 'jorg'],
    [Buffer.from('jorg'), 'jorg'],
  ] as const)
    t.match(readAuthorizations([basic(text)]), { kind: 'basic', users: [user], creditee: user })
})

const token = (name: string, tag = 'o:Username'): string =>
  `<s:Envelope><o:UsernameToken><${tag}>${name}</${tag.split(' ')[0]}><o:Password>x</o:Password></o:UsernameToken></s:Envelope>`

t.test('a UsernameToken, however it is spelt', async (t) => {
  for (const text of [
    token('alice'),
    token('alice', 'Username'),
    token('CONTOSO\\Alice', 'wsse:USERNAME'),
    token('alice', 'o:Username a=">" b=\'</\''),
    token('&#97;l&#x69;ce'),
    token('al<!-- </o:Username> -->ice'),
    token('<![CDATA[ali]]>ce'),
    token('al<?x y?>ice'),
    `<!-- <o:Username "> -->${token('alice')}`,
    `<?xml version="1.0"?>\n${token(' alice ')}`,
  ])
    t.match(readUsernameToken(Buffer.from(text)), { kind: 'soap', users: ['alice'] }, text)
  for (const encoding of ['\ufeff', ''])
    t.match(readUsernameToken(Buffer.from(encoding + token('alice'), 'utf16le')), {
      users: ['alice'],
    })
  const big = Buffer.from(`\ufeff${token('alice')}`, 'utf16le').swap16()
  t.match(readUsernameToken(big), { users: ['alice'] })
  const two = readUsernameToken(Buffer.from(token('mallory') + token('alice')))
  t.same(two, { kind: 'soap', users: ['mallory', 'alice'], creditee: undefined })
  t.equal(readUsernameToken(Buffer.from('<a/>')), undefined)
})

t.test('the password grant, in both forms', async (t) => {
  const multipart =
    '--b\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\npassword\r\n' +
    '--b\r\nContent-Disposition: form-data; name="username"\r\n\r\nalice\r\n--b--\r\n'
  for (const text of [
    'grant_type=password&username=alice%40contoso.com&password=x',
    'Password=x&UserName=CONTOSO%5Calice&GRANT_TYPE=password',
    multipart,
  ])
    t.match(readPasswordGrant(Buffer.from(text)), { kind: 'oauth', users: ['alice'] }, text)
  t.equal(readPasswordGrant(Buffer.from('grant_type=urn%3Amicrosoft.rtc%3Awindows')), undefined)
})

t.test('no bytes make a reader throw', async (t) => {
  const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => Buffer.from(array))
  fc.assert(
    fc.property(bytes, fc.constantFrom('NTLM', 'Negotiate', 'Basic'), (message, scheme) => {
      readAuthorizations([ntlm(message, scheme)])
      readUsernameToken(message)
      readPasswordGrant(message)
    }),
  )
  const damaged = fc.tuple(fc.nat(150), fc.nat(255), fc.nat(200))
  fc.assert(
    fc.property(damaged, ([at, value, length]) => {
      const message = Buffer.from(inSpnego(typeThree('alice')))
      message[at] = value
      readAuthorizations([ntlm(message.subarray(0, message.length - length), 'Negotiate')])
    }),
    { numRuns: 2_000 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      readAuthorizations([text])
      readUsernameToken(Buffer.from(`<o:Username${text}>${text}`))
    }),
  )
  t.pass()
})

t.test('what is written to be slow is not', async (t) => {
  for (const piece of [
    '<!--',
    '<username "',
    '<![CDATA[',
    '<username>',
    '&#x',
    '<?',
    'a=&',
    'name="',
  ])
    for (const read of [readUsernameToken, readPasswordGrant])
      read(Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length))))
  t.pass('the time-out of the suite is the judge')
})
