/** What every refusal of a request has in common: a clear answer of ours, the end of the connection, and no more. */
import type { Test } from 'tap'
import { startAnsweringBackend } from './answering-backend.ts'
import { startTestProxy } from './proxy.ts'
import { openRawClient } from './raw-client.ts'

export interface Refusal {
  readonly what: string
  /** latin1, without the request that is smuggled behind it. */
  readonly bytes: string
  /** Default 400. */
  readonly status?: number
}

export const HOST = 'Host: lyncweb.contoso.com\r\n'

/** Sent behind every refused request, where its body would be: it must never be executed. */
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n`

/** Each one alone on a connection of its own, with another request right behind it. */
export async function refuseEach(t: Test, refusals: readonly Refusal[]): Promise<void> {
  const backend = await startAnsweringBackend(t)
  // A request that is waited for instead of refused shows as 408.
  const proxy = await startTestProxy(t, {
    servers: [backend],
    top: 'timeouts: { requestHead: 1s }',
  })
  for (const { what, bytes, status = 400 } of refusals) {
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.send(bytes + SMUGGLED)
    const first = await client.until((text) => text.includes('\r\n\r\n')).catch(() => client.text)
    if (!first.startsWith(`HTTP/1.1 ${status} `)) {
      t.fail(`${what}: ${JSON.stringify(first.slice(0, 100))}`)
      client.socket.destroy()
      continue
    }
    const answer = await client.closed()
    t.ok(answer.startsWith(`HTTP/1.1 ${status} `), `${what}: ${answer.slice(0, 60)}`)
    t.match(answer, /\r\nX-Lyncgate-Request-Id: [\w-]+\r\n/, 'the answer is ours')
    t.match(answer, /\r\nContent-Type: text\/plain; charset=utf-8\r\n/)
    t.match(answer, /\r\nConnection: close\r\n/i)
    t.match(
      answer,
      /\r\n\r\n[A-Z][^\r\n]+\.\n$/,
      'with a sentence for people, and nothing behind it',
    )
    t.notMatch(answer, /127\.0\.0\.1|pool01|localhost/, 'that names nothing internal')
    const id = /X-Lyncgate-Request-Id: ([\w-]+)/.exec(answer)?.[1]
    const line = await proxy.line((entry) => entry.id === id)
    t.match(line.outcome, /^client-/, 'and the log tells why')
  }
  t.equal(backend.connections.length, 0, 'nothing reached the server')
}
