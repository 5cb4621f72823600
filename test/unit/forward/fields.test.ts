import t from 'tap'
import {
  isConnectionBound,
  isForwardedField,
  isHopByHop,
  mayBeTrailer,
  nominatedFields,
  offersConnectionBound,
  readDigits,
  tellsOfServer,
} from '../../../src/forward/fields.ts'

t.test('hop-by-hop fields, in any case', async (t) => {
  for (const name of [
    'Connection',
    'KEEP-ALIVE',
    'te',
    'Transfer-Encoding',
    'uPGRADE',
    'Proxy-Connection',
  ]) {
    t.equal(isHopByHop(name), true, name)
  }
  for (const name of [
    'Trailer',
    'Via',
    'Host',
    'Content-Length',
    'X-Connection',
    'Keep-Alivf',
    '',
  ]) {
    t.equal(isHopByHop(name), false, name)
  }
})

t.test('fields that tell of the server, in any case', async (t) => {
  for (const name of ['Server', 'SERVER', 'X-Powered-By', 'x-ms-server-fqdn'])
    t.equal(tellsOfServer(name), true, name)
  for (const name of ['Serves', 'X-Powered-Bx', 'X-MS-Server-Fqdm', 'Via', 'x'.repeat(38), ''])
    t.equal(tellsOfServer(name), false, name)
})

t.test('digits, and nothing but digits', async (t) => {
  for (const text of ['0', '7', '200', '0042', '999999999999999'])
    t.equal(readDigits(text), Number(text), text)
  for (const text of [
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '1e3',
    '0x10',
    '1.0',
    '1,1',
    '\u0661',
    '9'.repeat(16),
  ])
    t.ok(Number.isNaN(readDigits(text)), JSON.stringify(text))
})

t.test('what Connection nominates', async (t) => {
  t.equal(nominatedFields([]), undefined)
  t.equal(nominatedFields(['close', ' , ,Keep-Alive']), undefined)
  t.same(nominatedFields(['X-One ,x-two', '\tX-THREE']), new Set(['x-one', 'x-two', 'x-three']))
})

t.test('what Connection cannot take away', async (t) => {
  const names =
    'Host, Content-Length, content-type, Authorization, Cookie, Set-Cookie, WWW-Authenticate'
  t.equal(nominatedFields([names]), undefined)
  t.equal(
    nominatedFields(['X-Forwarded-For, x_forwarded_proto, Forwarded, X-MS-WebTicket']),
    undefined,
  )
  t.equal(nominatedFields(['Transfer-Encoding, Upgrade, Connection']), undefined)
})

t.test('the X-Forwarded family in any spelling', async (t) => {
  const yes = [
    'X-Forwarded-For',
    'x_forwarded_for',
    'X-Forwarded_Host',
    'X.Forwarded.For',
    'Forwarded',
  ]
  for (const name of [...yes, 'X-Forwarded', 'X-Forwarded-Client-Cert', 'FORWARDED']) {
    t.equal(isForwardedField(name), true, name)
  }
  for (const name of ['X-Forward', 'XForwardedFor', 'X-Real', 'Forwarded-For2', 'From', '']) {
    t.equal(isForwardedField(name), false, name)
  }
})

t.test('credentials that belong to the connection', async (t) => {
  for (const value of ['NTLM TlRM', 'negotiate YII', 'Nego2 x', 'Kerberos', ' ntlm', 'NEGOTIATE']) {
    t.equal(isConnectionBound(value), true, value)
  }
  for (const value of ['Basic TlRM', 'Bearer negotiate', 'NTLMX', '', 'Digest ntlm']) {
    t.equal(isConnectionBound(value), false, value)
  }
  for (const value of ['NTLM', 'Basic realm="a", Negotiate', 'Nego2', 'Bearer x,\tntlm']) {
    t.equal(offersConnectionBound(value), true, value)
  }
  t.equal(offersConnectionBound('Basic realm="x"'), false)
})

t.test('trailers that would change the message', async (t) => {
  const not = [
    'Content-Length',
    'transfer-encoding',
    'Host',
    'Authorization',
    'Set-Cookie',
    'X-Forwarded-For',
  ]
  for (const name of not) t.equal(mayBeTrailer(name), false, name)
  for (const name of ['X-Checksum', 'ETag', 'Digest']) t.equal(mayBeTrailer(name), true, name)
})
