/** Uploads and downloads of tens of megabytes, ranges, compression and entity tags, through TLS on both sides. */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { payloadChunks, payloadSha256 } from '../../src/lab/payload.ts'
import type { RawClient } from '../../src/lab/raw-client.ts'
import { HOST, startLabProxy } from '../support/lab-proxy.ts'

const BYTES = 40 * 1024 * 1024
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const expected = payloadSha256(0, BYTES)

async function send(client: RawClient, framed: (piece: Buffer) => Buffer): Promise<void> {
  for (const piece of payloadChunks(0, BYTES)) {
    if (!client.socket.write(framed(piece))) await once(client.socket, 'drain')
  }
}

const chunk = (piece: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])

t.test('uploads', async (t) => {
  const { connect } = await startLabProxy(t)
  const client = await connect('https')
  const head = `POST /DataCollabWeb/upload HTTP/1.1\r\n${HOST}\r\n`
  t.test('with a length', async (t) => {
    client.send(`${head}Content-Length: ${BYTES}\r\n\r\n`)
    await send(client, (piece) => piece)
    const answer = await client.read('POST')
    t.same(JSON.parse(answer.body.toString()), { bytes: BYTES, sha256: expected })
  })
  t.test('chunked, on the same connection', async (t) => {
    client.send(`${head}Transfer-Encoding: chunked\r\n\r\n`)
    await send(client, chunk)
    client.send('0\r\n\r\n')
    const answer = await client.read('POST')
    t.same(JSON.parse(answer.body.toString()), { bytes: BYTES, sha256: expected })
  })
})

t.test('downloads, chunked and with a length', async (t) => {
  const { connect } = await startLabProxy(t)
  const client = await connect('https')
  for (const query of [`bytes=${BYTES}`, `bytes=${BYTES}&length=1`]) {
    const answer = await client.request(`GET /DataCollabWeb/download?${query}`, [HOST])
    t.equal(answer.body.length, BYTES)
    t.equal(sha256(answer.body), expected)
  }
})

t.test('ranges', async (t) => {
  const { connect } = await startLabProxy(t)
  const client = await connect('https')
  const file = 'GET /abs-open/files/F-0001.lsabs'
  const part = await client.request(file, [HOST, 'Range: bytes=1000-1999'])
  t.equal(part.status, 206)
  t.match(part.header('content-range'), /^bytes 1000-1999\//)
  t.equal(sha256(part.body), payloadSha256(1000, 2000))
  t.equal((await client.request(file, [HOST, 'Range: bytes=999999999-'])).status, 416)
})

t.test('compression and entity tags are the business of the two ends', async (t) => {
  const { connect } = await startLabProxy(t)
  const client = await connect('https')
  const file = 'GET /abs-open/files/index.txt'
  const plain = await client.request(file, [HOST])
  const packed = await client.request(file, [HOST, 'Accept-Encoding: gzip'])
  t.equal(plain.header('content-encoding'), undefined)
  t.equal(packed.header('content-encoding'), 'gzip')
  t.same(gunzipSync(packed.body), plain.body)
  t.not(packed.header('etag'), plain.header('etag'))
  const etag = packed.header('etag') ?? ''
  const again = await client.request(file, [
    HOST,
    'Accept-Encoding: gzip',
    `If-None-Match: ${etag}`,
  ])
  t.equal(again.status, 304)
  t.equal(again.header('etag'), etag)
  const entity = await client.request('GET /ucwa/v1/applications/one/me', [HOST])
  const wrote = await client.request('PUT /ucwa/v1/applications/one/me', [
    HOST,
    `If-Match: ${entity.header('etag')}`,
    'Content-Length: 0',
  ])
  t.equal(wrote.status, 200, 'the tag went to the client and back as it was')
})
