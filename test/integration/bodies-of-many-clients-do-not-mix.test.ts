/** All back-end sockets are read into one buffer; what a slow client has not taken yet must not be overwritten there. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { dechunk } from '../support/dechunk.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'

/** One read of a size that stays in the shared buffer. */
const PIECE = 7_900
/** Enough to fill all buffers of the system between proxy and client. */
const PIECES = 600
const TOTAL = PIECES * PIECE

/** Each client's answer is made of its own letter; the first two have a length, the others come in chunks. */
const LETTERS = ['a', 'b', 'c', 'd']

t.test('each client gets its own bytes, however late it reads them', async (t) => {
  const answers = new Map<string, ServerResponse>()
  const server = createServer((req, res) => {
    const letter = (req.url ?? '').slice(-1)
    if (letter === 'z') return void res.end('z'.repeat(6_000))
    answers.set(letter, res)
    if (letter < 'c') res.setHeader('Content-Length', TOTAL)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const proxy = await startTestProxy(t, { servers: [{ httpPort: port }], pool: 'affinity: none' })
  const connect = (): Promise<RawClient> => openRawClient(t, { port: proxy.httpPort })
  const ask = (client: RawClient, letter: string): void =>
    client.send(`GET /abs/${letter} HTTP/1.1\r\nHost: lyncweb.contoso.com\r\n\r\n`)

  const clients = await Promise.all(LETTERS.map(connect))
  for (const [at, client] of clients.entries()) {
    ask(client, LETTERS[at] as string)
    client.socket.pause()
  }
  while (answers.size < LETTERS.length) await nextTurn()
  // After each piece somebody else's answer is read into the same buffer.
  const busy = await connect()
  for (let turn = 1; turn <= PIECES; turn++) {
    for (const [letter, res] of answers) res.write(letter.repeat(PIECE))
    ask(busy, 'z')
    await busy.until((text) => text.length >= turn * 6_000 && text.endsWith('z'.repeat(6_000)))
  }
  for (const res of answers.values()) res.end()
  for (const [at, client] of clients.entries()) {
    const isChunked = at >= 2
    client.socket.resume()
    const text = await client.until((all) =>
      isChunked
        ? all.endsWith('\r\n0\r\n\r\n')
        : all.length > TOTAL && bodyOf(all).length === TOTAL,
    )
    const body = isChunked ? dechunk(bodyOf(text)) : bodyOf(text)
    t.equal(body.length, TOTAL)
    t.equal(body.replaceAll(LETTERS[at] as string, ''), '')
  }
})

const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4)
