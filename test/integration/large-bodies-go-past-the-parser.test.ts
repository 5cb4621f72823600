/**
 * Large bodies are read past Node's parser, and everything else is not: whatever follows what on a connection, and wherever
 * the bytes are cut, each request is served whole and nothing is taken for another one.
 */
import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { BodyReader } from '../../src/listeners/body-reader.ts'
import { type AnsweringWorld, startAnsweringWorld } from '../support/answering-world.ts'
import { fc } from '../support/property.ts'
import type { RawClient } from '../support/raw-client.ts'
import { switching, upgradeRequest } from '../support/upgrade.ts'

const HOST = 'lyncweb.contoso.com'
const sumOf = (bytes: Buffer): string =>
  `${bytes.length} ${createHash('sha1').update(bytes).digest('hex')}`

/** Bytes that differ everywhere, and look like requests here and there. */
function bodyOf(length: number, seed: number): Buffer {
  const body = Buffer.alloc(length)
  let state = seed + 1
  for (let at = 0; at + 4 <= length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    body.writeUInt32LE(state, at)
  }
  for (let at = 1_000; at + 100 < length; at += 16_384)
    body.write(`GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, at)
  return body
}

interface Reads {
  /** Bodies that were read past the parser. */
  bodies: number
  /** What came of them so. */
  bytes: number
}

function countReads(t: Test): Reads {
  const reads = { bodies: 0, bytes: 0 }
  const { start } = BodyReader.prototype
  BodyReader.prototype.start = function (left, take) {
    reads.bodies++
    start.call(this, left, (bytes, slab) => {
      reads.bytes += bytes.length
      take(bytes, slab)
    })
  }
  t.teardown(() => {
    BodyReader.prototype.start = start
  })
  return reads
}

interface World extends AnsweringWorld {
  /** Targets in the order in which the server has seen them. */
  readonly targets: readonly string[]
  /** Lets the server read what comes below /lag/. */
  letRead(): void
}

/** The server says what has arrived; below /early/ it answers before, and below /lag/ it reads only when the test lets it. */
async function startWorld(t: Test, isTls: boolean): Promise<World> {
  const targets: string[] = []
  let letRead = (): void => {}
  const mayRead = new Promise<void>((resolve) => {
    letRead = resolve
  })
  const answer: RequestListener = async (req, res) => {
    targets.push(req.url ?? '')
    const isEarly = req.url?.startsWith('/early/')
    if (isEarly) res.end('early')
    if (req.url?.startsWith('/lag/')) await mayRead
    const pieces: Buffer[] = []
    req.on('data', (piece: Buffer) => pieces.push(piece))
    req.on('end', () => {
      if (!isEarly) res.end(sumOf(Buffer.concat(pieces)))
    })
  }
  const world = await startAnsweringWorld(t, isTls, answer)
  world.server.on('upgrade', (_req, socket: Socket) => {
    socket.on('error', () => {})
    socket.write(switching())
    socket.pipe(socket)
  })
  return { ...world, targets, letRead }
}

interface Step {
  readonly kind: 'length' | 'chunked' | 'get' | 'early' | 'http10'
  readonly length: number
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('length', 'length', 'length', 'chunked', 'get', 'early', 'http10'),
  length: fc.oneof(fc.nat(300_000), fc.constantFrom(0, 16_384, 65_536, 131_072)),
})
/** Where the bytes of a request are cut, as parts of it. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 })
const sequence = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  cuts,
  /** Another one lies right behind each of them. */
  isPipelined: fc.boolean(),
})

const withBody = (start: string, framing: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${start}\r\nHost: ${HOST}\r\n${framing}\r\n\r\n`), body])

function requestOf({ kind, length }: Step, at: number): { bytes: Buffer; answer: string } {
  const body = bodyOf(length, at)
  const sized = `Content-Length: ${length}`
  switch (kind) {
    case 'get':
      return {
        bytes: withBody(`GET /${at} HTTP/1.1`, 'A: b', Buffer.alloc(0)),
        answer: sumOf(Buffer.alloc(0)),
      }
    case 'early':
      return { bytes: withBody(`POST /early/${at} HTTP/1.1`, sized, body), answer: 'early' }
    case 'http10':
      return {
        bytes: withBody(`POST /${at} HTTP/1.0`, `${sized}\r\nConnection: keep-alive`, body),
        answer: sumOf(body),
      }
    case 'chunked': {
      const chunks = [body.subarray(0, length >> 1), body.subarray(length >> 1)]
      const lines = chunks.flatMap((chunk) =>
        chunk.length > 0
          ? [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]
          : [],
      )
      const framed = Buffer.concat([...lines, Buffer.from('0\r\n\r\n')])
      return {
        bytes: withBody(`POST /${at} HTTP/1.1`, 'Transfer-Encoding: chunked', framed),
        answer: sumOf(body),
      }
    }
    default:
      return { bytes: withBody(`POST /${at} HTTP/1.1`, sized, body), answer: sumOf(body) }
  }
}

/** The bodies of the answers so far, those of chunks included. */
const answersIn = (text: string): string[] =>
  text
    .split(/HTTP\/1\.1 200 OK\r\n/)
    .slice(1)
    .map((each) => /\r\n\r\n(?:[0-9a-f]+\r\n)?(early|\d+ [0-9a-f]{40})/.exec(each)?.[1] ?? '')

async function send(client: RawClient, bytes: Buffer, places: readonly number[]): Promise<void> {
  let from = 0
  const ends = [...places.map((part) => Math.floor(part * bytes.length)), bytes.length]
  for (const end of ends.sort((a, b) => a - b)) {
    if (end > from) client.send(bytes.subarray(from, end))
    from = end
    await new Promise((resolve) => setImmediate(resolve))
  }
}

for (const isTls of [false, true]) {
  t.test(isTls ? 'over TLS' : 'plain', { timeout: 120_000 }, async (t) => {
    const world = await startWorld(t, isTls)

    t.test('60 mixtures of requests, and a tunnel behind them', async (t) => {
      const reads = countReads(t)
      let tunnels = 0
      await fc.assert(
        fc.asyncProperty(sequence, async ({ steps, cuts, isPipelined }) => {
          const client = await world.connect()
          const wanted: string[] = []
          for (const [at, step] of steps.entries()) {
            const requests = [requestOf(step, at)]
            if (isPipelined) requests.push(requestOf({ kind: 'get', length: 0 }, at))
            wanted.push(...requests.map(({ answer }) => answer))
            await send(client, Buffer.concat(requests.map(({ bytes }) => bytes)), cuts)
            await client.until((text) => answersIn(text).filter(Boolean).length >= wanted.length)
          }
          const { text } = client
          if (answersIn(text).join() !== wanted.join())
            throw new Error(`${answersIn(text)} in place of ${wanted}`)
          // Behind an answer of Node's or one that came early the connection may still be busy; others are idle at once.
          if (steps.at(-1)?.kind === 'length') {
            tunnels++
            client.send(upgradeRequest('/socket'))
            await client.until((all) => all.includes('HTTP/1.1 101 '))
            const before = client.text.length
            const letters = 'tunnel'.repeat(40_000)
            client.send(letters)
            const all = await client.until(
              (all) =>
                all.includes(' 101 ') &&
                all.endsWith('tunnel') &&
                all.length >= before + letters.length,
            )
            if (!all.endsWith(letters)) throw new Error('the tunnel changes bytes')
          }
          client.socket.destroy()
        }),
        { numRuns: 60, endOnFailure: true },
      )
      t.ok(reads.bodies > 30, `${reads.bodies} bodies went past the parser`)
      t.ok(tunnels > 5, `${tunnels} tunnels`)
      t.notOk(world.targets.includes('/smuggled'))
      t.notOk(world.proxy.lines.some(({ msg }) => msg === 'fault'))
    })

    t.test(
      'a server that does not read stops the client, and all arrives in the end',
      async (t) => {
        const reads = countReads(t)
        const client = await world.connect()
        const body = bodyOf(48 * 1024 * 1024, 7)
        client.send(withBody('POST /lag/1 HTTP/1.1', `Content-Length: ${body.length}`, body))
        while (reads.bytes === 0) await sleep(10)
        // Long enough for all of it, were it read.
        await sleep(300)
        t.ok(reads.bytes < body.length / 2, 'most of it waits at the client')
        world.letRead()
        await client.until((text) => text.includes(sumOf(body)))
        client.socket.destroy()
      },
    )

    t.test('a client that ends in the middle', async (t) => {
      const client = await world.connect()
      client.send(withBody('POST /cut HTTP/1.1', 'Content-Length: 1000000', bodyOf(500_000, 3)))
      while (!world.targets.includes('/cut')) await sleep(10)
      client.socket.end()
      await client.closed()
      const line = await world.proxy.line(({ target }) => target === '/cut')
      t.match(String(line['outcome']), /^client-/)
    })
  })
}
