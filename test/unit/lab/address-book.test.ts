import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { addressBookBytes } from '../../../src/lab/address-book.ts'
import { startLab } from '../../../src/lab/lab.ts'
import { payloadSha256 } from '../../../src/lab/payload.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'

const lab = await startLab()
t.teardown(() => lab.close())
const [fe01] = lab.pool
const tls = { ca: lab.authority.certificatePem, serverName: 'fe01.contoso.local' }
const client = await connectRaw({ port: fe01.httpsPort, tls })
const get = (path: string, ...headers: string[]) =>
  client.request(`GET ${path}`, ['Host: lyncweb.contoso.com', ...headers])
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex')
const file = '/abs-open/files/F-0001.lsabs'

t.test('the file is behind NTLM, and its copy is not', async (t) => {
  t.equal((await get('/abs/files/F-0001.lsabs')).status, 401)
  const whole = await get(file)
  t.equal(whole.status, 200)
  t.equal(whole.body.length, addressBookBytes)
  t.equal(sha256(whole.body), payloadSha256(0, addressBookBytes))
  t.ok(whole.header('ETag'))
  t.ok(whole.header('Last-Modified'))
  t.equal(whole.header('Accept-Ranges'), 'bytes')
})

t.test('one range is a 206 with just those bytes', async (t) => {
  const part = await get(file, 'Range: bytes=1000003-1100003')
  t.equal(part.status, 206)
  t.equal(part.header('Content-Range'), `bytes 1000003-1100003/${addressBookBytes}`)
  t.equal(sha256(part.body), payloadSha256(1_000_003, 1_100_004))
  const beyond = await get(file, 'Range: bytes=99999999-')
  t.equal(beyond.status, 416)
  t.equal(beyond.header('Content-Range'), `bytes */${addressBookBytes}`)
})

t.test('If-Range and If-None-Match go by the tag, byte for byte', async (t) => {
  const head = await client.request(`HEAD ${file}`, ['Host: lyncweb.contoso.com'])
  t.equal(head.header('Content-Length'), String(addressBookBytes))
  const etag = head.header('ETag') ?? ''
  const same = await get(file, 'Range: bytes=0-9', `If-Range: ${etag}`)
  t.equal(same.status, 206)
  const other = await get(file, 'Range: bytes=0-9', 'If-Range: "other"')
  t.equal(other.status, 200)
  t.equal((await get(file, `If-None-Match: ${etag}`)).status, 304)
})

t.test('text is compressed for who accepts it, under a tag of its own', async (t) => {
  const path = '/abs-open/files/index.txt'
  const plain = await get(path)
  const packed = await get(path, 'Accept-Encoding: deflate, gzip')
  t.equal(plain.header('Content-Encoding'), undefined)
  t.equal(packed.header('Content-Encoding'), 'gzip')
  t.same(gunzipSync(packed.body), plain.body)
  t.not(packed.header('ETag'), plain.header('ETag'))
  t.equal(packed.header('Vary'), 'Accept-Encoding')
  const refused = await get(path, 'Accept-Encoding: gzip;q=0, identity')
  t.equal(refused.header('Content-Encoding'), undefined)
  const etag = packed.header('ETag')
  t.equal((await get(path, 'Accept-Encoding: gzip', `If-None-Match: ${etag}`)).status, 304)
  t.equal((await get(path, `If-None-Match: ${etag}`)).status, 200)
})
