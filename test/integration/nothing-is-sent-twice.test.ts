/** Promise 3: once a byte of a request has been written, it is written nowhere else, whatever happens. */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { HOST } from '../support/lab-proxy.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { startRecordingBackend } from '../support/recording-backend.ts'

const requests = [
  `GET / HTTP/1.1\r\n${HOST}\r\n\r\n`,
  `POST / HTTP/1.1\r\n${HOST}\r\nContent-Length: 4\r\n\r\nbody`,
  `PUT / HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`,
]

const mishaps: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes without an answer': (socket) => socket.end(),
  'resets without an answer': (socket) => socket.resetAndDestroy(),
  'closes inside the head': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'),
  'closes after 100 Continue': (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n'),
  'answers nonsense': (socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'),
}

for (const [what, mishap] of Object.entries(mishaps)) {
  t.test(`a server that ${what}: 503, and no other server sees the request`, async (t) => {
    for (const request of requests) await sendOnce(t, request, mishap)
  })
}

async function sendOnce(t: Test, request: string, mishap: (socket: Socket) => void) {
  const answer = (socket: Socket, text: string): void => {
    if (/\r\n\r\n(body|4\r\nbody\r\n0\r\n\r\n)?$/.test(text)) mishap(socket)
  }
  const backends = [await startRecordingBackend(t, answer), await startRecordingBackend(t, answer)]
  const proxy = await startTestProxy(t, { servers: backends })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(request)
  const text = await client.until((got) => got.includes(' 503 ') && got.endsWith('\n'))
  t.match(text, /\r\nRetry-After: \d+\r\n/)
  t.equal(backends.flatMap(({ connections }) => connections).length, 1)
  t.match(await proxy.line(({ status }) => status === 503), {
    outcome: /^backend-(closed-early|answer-malformed)$/,
  })
}

t.test('a server that resets in mid-answer: the client is cut', async (t) => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345'
  const backends = [
    await startRecordingBackend(t, breakOff),
    await startRecordingBackend(t, breakOff),
  ]
  function breakOff(socket: Socket): void {
    socket.write(half, () => socket.resetAndDestroy())
  }
  const proxy = await startTestProxy(t, { servers: backends })
  const client = await openRawClient(t, { port: proxy.httpPort })
  client.send(requests[1] ?? '')
  t.match(await client.closed(), /^HTTP\/1\.1 (200 OK[\s\S]*12345|503 )/)
  t.equal(backends.flatMap(({ connections }) => connections).length, 1)
})
