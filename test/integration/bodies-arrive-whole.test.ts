/** Request bodies of any method and framing reach the server byte for byte, in chunks of our own making. */
import t from 'tap'
import { splitRequests, startAnsweringBackend } from '../support/answering-backend.ts'
import { dechunk } from '../support/dechunk.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { HOST } from '../support/refusals.ts'

type Test = Parameters<typeof openRawClient>[0]

/** What the server records for some requests sent one after another over one connection. */
async function recordedOf(t: Test, requests: readonly string[]): Promise<string[]> {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  const client = await openRawClient(t, { port: httpPort })
  for (const [index, request] of requests.entries()) {
    client.send(request)
    await client.until((text) => text.split('200 OK').length === index + 2)
  }
  t.equal(backend.connections.length, 1)
  const { text } = await backend.connection(0)
  const recorded = splitRequests(text)
  t.equal(recorded.join(''), text, 'nothing is left over')
  t.equal(recorded.length, requests.length)
  return recorded
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'REPORT', 'QUERY']
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, index) => index)).toString('latin1')

t.test('a body of known length, whatever the method', async (t) => {
  const requests = METHODS.map(
    (method) =>
      `${method} /a HTTP/1.1\r\n${HOST}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
  )
  for (const [index, recorded] of (await recordedOf(t, requests)).entries()) {
    t.ok(recorded.startsWith(`${METHODS[index]} /a HTTP/1.1\r\n`))
    t.match(recorded, `\r\nContent-Length: ${SMUGGLED.length}\r\n`)
    t.ok(recorded.endsWith(`\r\n\r\n${SMUGGLED}`))
    t.notMatch(recorded, /transfer-encoding/i)
  }
})

t.test('a body in chunks, whatever the method (CVE-2026-29057)', async (t) => {
  const size = SMUGGLED.length.toString(16)
  const requests = METHODS.map(
    (method) =>
      `${method} /a HTTP/1.1\r\n${HOST}transfer-encoding: Chunked\r\n\r\n${size};x="y"\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  )
  for (const [index, recorded] of (await recordedOf(t, requests)).entries()) {
    t.ok(recorded.startsWith(`${METHODS[index]} /a HTTP/1.1\r\n`))
    t.equal(recorded.match(/\r\nTransfer-Encoding: chunked\r\n/g)?.length, 1)
    t.notMatch(recorded, /content-length/i)
    t.ok(recorded.endsWith(`\r\n\r\n${size}\r\n${SMUGGLED}\r\n0\r\n\r\n`), 'extensions end here')
  }
})

t.test('every byte, in chunks of every size', async (t) => {
  const sizes = [1, 2, 3, 15, 16, 17, 255, 256]
  const chunks = sizes.map((size) => BYTES.slice(0, size))
  const body = chunks.map((chunk) => `${chunk.length.toString(16).toUpperCase()}\r\n${chunk}\r\n`)
  const request = `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body.join('')}0\r\n\r\n`
  const [recorded = ''] = await recordedOf(t, [request])
  t.equal(dechunk(recorded.slice(recorded.indexOf('\r\n\r\n') + 4)), chunks.join(''))
})

t.test('a large body of known length', async (t) => {
  const body = BYTES.repeat(8192)
  const request = `POST /a HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`
  const [recorded = ''] = await recordedOf(t, [request])
  t.equal(recorded.slice(recorded.indexOf('\r\n\r\n') + 4) === body, true)
})

t.test('an empty body in chunks', async (t) => {
  const [recorded = ''] = await recordedOf(t, [
    `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ])
  t.ok(recorded.endsWith('\r\n\r\n0\r\n\r\n'))
})

t.test('trailers come through, but for those that would change the message', async (t) => {
  const trailers = [
    'X-Sum: 1',
    'x-sUM:  2 ',
    'Host: evil.example',
    'Authorization: Basic eDp5',
    'X_Forwarded_For: 192.0.2.1',
    'Connection: close',
    'Cookie: a=b',
    'Trailer: b',
  ]
  const [recorded = ''] = await recordedOf(t, [
    `POST /a HTTP/1.1\r\n${HOST}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers.join('\r\n')}\r\n\r\n`,
  ])
  t.ok(recorded.endsWith('\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-sUM: 2\r\n\r\n'), recorded)
  t.match(recorded, '\r\nTrailer: X-Sum\r\n')
})

t.test('without a length there is no body', async (t) => {
  const [recorded = ''] = await recordedOf(t, [`POST /a HTTP/1.1\r\n${HOST}\r\n`])
  t.notMatch(recorded, /content-length|transfer-encoding/i)
  const [zero = ''] = await recordedOf(t, [`POST /a HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`])
  t.match(zero, '\r\nContent-Length: 0\r\n', 'the 0 of the first step of NTLM stays')
})
