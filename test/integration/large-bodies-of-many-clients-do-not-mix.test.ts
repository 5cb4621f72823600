/**
 * Large bodies pass through memory that is used again, for any client. Here many pass at once, some slowly, some are cut in
 * the middle while their bytes still wait, and whoever comes next must find nothing of them.
 */
import type { RequestListener } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startAnsweringWorld } from '../support/answering-world.ts'
import { dechunk } from '../support/dechunk.ts'
import type { RawClient } from '../support/raw-client.ts'

/** More than the buffers of the system hold between two programs. */
const TOTAL = 4 * 1024 * 1024
const ROUNDS = 2
const LETTERS = 'abcdefghijkl'

const HOST = 'lyncweb.contoso.com'

/** Answers a GET with its letter, with a length or in chunks; says of a POST which letters came, and how many. */
const answer: RequestListener = (req, res) => {
  if (req.method === 'POST') {
    const seen = new Set<string>()
    let bytes = 0
    req.on('data', (piece: Buffer) => {
      bytes += piece.length
      for (const byte of new Set(piece)) seen.add(String.fromCharCode(byte))
    })
    req.on('end', () => res.end(`${[...seen].join('')} ${bytes}`))
    return
  }
  const letter = (req.url ?? '').slice(-1)
  if (letter < 'g') res.setHeader('Content-Length', TOTAL)
  res.on('error', () => {})
  res.end(letter.repeat(TOTAL))
}

for (const isTls of [false, true]) {
  t.test(isTls ? 'by TLS' : 'in clear text', async (t) => {
    const { connect } = await startAnsweringWorld(t, isTls, answer)
    t.test('down', (t) => download(t, connect))
    t.test('up', (t) => upload(t, connect))
  })
}

/** A client that is cut has read nothing; the others read a little, wait for the cut, and read on. */
async function download(t: Test, connect: () => Promise<RawClient>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const clients = await Promise.all([...LETTERS].map(connect))
    for (const [at, client] of clients.entries()) {
      client.send(`GET /abs/${LETTERS[at]} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
      if (at % 3 === 0) client.socket.pause()
    }
    const [cut, kept] = split(clients)
    await Promise.all(kept.map((client) => client.until((text) => text.length > 100_000)))
    for (const client of kept) client.socket.pause()
    for (const client of cut) client.socket.destroy()
    for (let turn = 0; turn < 100; turn++) await nextTurn()
    for (const client of kept) client.socket.resume()
    for (const client of kept) {
      // One that was cut is shown as a failure below; the error would print megabytes.
      const text = await client.until(isComplete).catch(() => '')
      const letter = LETTERS[clients.indexOf(client)] as string
      const body = text.slice(text.indexOf('\r\n\r\n') + 4)
      const whole = isChunked(text) ? dechunk(body) : body
      // Not `equal`, which would print megabytes.
      t.ok(whole === letter.repeat(TOTAL), `${letter} has its own bytes only`)
      client.socket.destroy()
    }
  }
}

const isChunked = (text: string): boolean =>
  /^Transfer-Encoding: chunked\r$/im.test(text.slice(0, 2_000))

const isComplete = (text: string): boolean =>
  isChunked(text)
    ? text.endsWith('\r\n0\r\n\r\n')
    : text.length >= TOTAL + text.indexOf('\r\n\r\n') + 4

async function upload(t: Test, connect: () => Promise<RawClient>): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const clients = await Promise.all([...LETTERS].map(connect))
    const [cut, kept] = split(clients)
    for (const [at, client] of clients.entries()) {
      const letter = LETTERS[at] as string
      client.send(`POST /abs/up HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${TOTAL}\r\n\r\n`)
      client.send(letter.repeat(cut.includes(client) ? TOTAL / 2 : TOTAL))
    }
    await nextTurn()
    for (const client of cut) client.socket.destroy()
    for (const client of kept) {
      const text = await client.until((all) => /\r\n\r\n[a-z]+ \d+$/.test(all))
      t.match(text, `\r\n\r\n${LETTERS[clients.indexOf(client)]} ${TOTAL}`)
      client.socket.destroy()
    }
  }
}

/** Every third one is cut. */
const split = (clients: readonly RawClient[]): [readonly RawClient[], readonly RawClient[]] => [
  clients.filter((_, at) => at % 3 === 0),
  clients.filter((_, at) => at % 3 !== 0),
]
