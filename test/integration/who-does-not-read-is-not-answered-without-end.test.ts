/** A client that asks on and on and reads nothing: the proxy stops reading what it asks, and loses nothing of it. */
import t from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'
import { HOST } from '../support/refusals.ts'

const BODY = 'x'.repeat(20_000)
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`
/** Together 40 MB, far beyond what the system holds for two sockets. */
const MOST = 2_000

const get = (target: string): string => `GET ${target} HTTP/1.1\r\n${HOST}\r\n`

for (const isTls of [false, true]) {
  t.test(isTls ? 'over TLS' : 'plain', { timeout: 60_000 }, async (t) => {
    const authority = await createAuthority('Test Root')
    const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
    const backend = await startAnsweringBackend(t, ANSWER, isTls ? certificate : undefined)
    const proxy = await startTestProxy(t, { servers: [backend], authority })
    const tls = { serverName: 'lyncweb.contoso.com', ca: proxy.ca }
    const open = (): Promise<RawClient> =>
      openRawClient(t, isTls ? { port: proxy.httpsPort, tls } : { port: proxy.httpPort })
    const client = await open()
    client.socket.pause()
    client.send(get('/0'))
    const own = await backend.connection(0)
    await own.until((text) => text.includes('/0 '))
    const other = await open()
    let sent = 1
    for (; sent < MOST; sent++) {
      client.send(get(`/${sent}`))
      const arrives = (): boolean => own.text.includes(`/${sent} `)
      // Another client goes all the way as often: the proxy has had every chance.
      for (let chances = 0; chances < 100 && !arrives(); chances++) await goAllTheWay(other)
      if (!arrives()) break
    }
    if (!t.ok(sent < MOST, `${sent} answers wait`)) return
    client.socket.resume()
    const whole = (sent + 1) * BODY.length
    await client.until(() => client.socket.bytesRead > whole && ends(client.text) > sent)
    t.equal(ends(client.text), sent + 1, 'and nothing is lost')
  })
}

const ends = (text: string): number => text.split('HTTP/1.1 200 OK').length - 1

async function goAllTheWay(other: RawClient): Promise<void> {
  const before = other.socket.bytesRead
  other.send(get('/other'))
  await other.until(() => other.socket.bytesRead - before > BODY.length)
}
