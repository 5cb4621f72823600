/**
 * IIS answers the first NTLM leg of a POST with `Expect: 100-continue` without asking for the body and
 * keeps the connection, on which the handshake must go on. (Apache closes here, so this back end is
 * made by hand: it refuses the first request of a connection and takes the next.)
 */

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { freePorts } from '../support/free-ports.ts'
import { openConnection } from '../support/real-connection.ts'
import { publishServer, startProxy } from '../support/real-proxy.ts'

const body = 'x'.repeat(1000)
const post = ['Expect: 100-continue', `Content-Length: ${body.length}`]

t.test('a refusal before the body leaves the connection as the back end leaves it', async (t) => {
  const [port = 0] = await freePorts(1)
  const backEnd = createServer(serve).listen(port, '127.0.0.1')
  await once(backEnd, 'listening')
  t.teardown(() => void backEnd.close())
  const proxy = await startProxy(t, publishServer({ http: port, https: port }))

  const client = await openConnection(t, proxy, 'http')
  const refused = await client.request('POST /Reach/sip.svc', post)
  t.match(refused, { status: 401, body: 'prove it' }, 'without a 100 before')
  client.write(body)
  const asked = await client.request('POST /Reach/sip.svc', post)
  t.equal(asked.status, 100, 'on the same connection')
  client.write(body)
  t.match(await client.read(), { status: 200, body: `${body.length} bytes` })
  t.match(await client.request('GET /'), { status: 200, body: '0 bytes' })
})

/** Reads whole requests by their length and counts them per connection. */
function serve(socket: Socket): void {
  let waiting = ''
  let requests = 0
  let isWanted = false
  socket.setEncoding('latin1').on('error', () => {})
  socket.on('data', (text: string) => {
    waiting += text
    for (;;) {
      const head = waiting.indexOf('\r\n\r\n') + 4
      if (head < 4) return
      const length = Number(/content-length: *(\d+)/i.exec(waiting.slice(0, head))?.[1] ?? 0)
      if (length > 0 && !isWanted) {
        isWanted = true
        socket.write(requests === 0 ? answer(401, 'prove it') : 'HTTP/1.1 100 Continue\r\n\r\n')
      }
      if (waiting.length < head + length) return
      waiting = waiting.slice(head + length)
      isWanted = false
      if (requests > 0) socket.write(answer(200, `${length} bytes`))
      requests += 1
    }
  })
}

function answer(status: number, text: string): string {
  const offer = status === 401 ? 'WWW-Authenticate: NTLM\r\n' : ''
  return `HTTP/1.1 ${status} OK\r\n${offer}Content-Length: ${text.length}\r\n\r\n${text}`
}
