/** What Node's ServerResponse would have written, byte for byte; where it writes in chunks, these may be cut elsewhere. */
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { setImmediate as turnEnd } from 'node:timers/promises'
import t from 'tap'
import type { ClientAnswer } from '../../../src/forward/client-message.ts'
import { DirectAnswer } from '../../../src/listeners/direct-answer.ts'
import { dechunk } from '../../support/dechunk.ts'
import { fc } from '../../support/property.ts'

/** A socket whose reader takes a piece when it is told to. */
class SlowSocket extends Duplex {
  text = ''
  isLagging = false
  #go: (() => void) | undefined

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('latin1')
    if (this.isLagging) this.#go = done
    else done()
  }

  /** All of it is taken. */
  catchUp(): void {
    this.isLagging = false
    this.#go?.()
  }
}

/** As `pastFastify` has it. */
function nodeAnswer(socket: Duplex, method: string): ClientAnswer {
  const req = { method, httpVersionMajor: 1, httpVersionMinor: 1, headers: {} }
  const res = new ServerResponse(req as IncomingMessage)
  res.assignSocket(socket as Socket)
  res.sendDate = false
  res.removeHeader('connection')
  return res as unknown as ClientAnswer
}

const directAnswer = (socket: Duplex, method: string): ClientAnswer =>
  new DirectAnswer(socket as Socket, method === 'HEAD')

/** So many bytes, each one more than the one before. */
interface Piece {
  readonly size: number
  readonly first: number
}

const bytesOf = ({ size, first }: Piece): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => (first + i) % 256))

interface Script {
  readonly method: 'GET' | 'HEAD'
  readonly status: number
  readonly reason: string
  readonly fields: readonly (readonly [string, string])[]
  readonly framing: 'length' | 'chunked' | 'none'
  readonly pieces: readonly (Piece | 'flush')[]
  readonly trailers: readonly [string, string][]
  readonly last: Piece | undefined
  readonly lastAs: 'buffer' | 'latin1'
}

const NAME_BYTES = "!#$%&'*+-.^_`|~09azAZ".split('')
const VALUE_BYTES = ['\t', ' ', 'a', ':', '~', '"', '\x80', '\xe4', '\xff']
const name = fc
  .string({ unit: fc.constantFrom(...NAME_BYTES), minLength: 1, maxLength: 20 })
  .map((text) => `x${text}`)
const value = fc.string({ unit: fc.constantFrom(...VALUE_BYTES), maxLength: 20 })
const field = fc.tuple(
  fc.oneof(name, fc.constantFrom('Set-Cookie', 'Date', 'ETag', 'x'.repeat(17), 'y'.repeat(14))),
  value,
)
const bytes = fc
  .tuple(fc.constantFrom(0, 1, 2, 15, 16, 255, 8191, 8192, 8193, 20_000), fc.nat(255))
  .map(([size, first]): Piece => ({ size, first }))

const script: fc.Arbitrary<Script> = fc
  .record({
    method: fc.constantFrom<Script['method'][]>('GET', 'GET', 'HEAD'),
    status: fc.constantFrom(200, 200, 204, 206, 302, 304, 401, 404, 500, 503, 599, 999),
    reason: value,
    fields: fc.array(field, { maxLength: 5 }),
    framing: fc.constantFrom<Script['framing'][]>('length', 'chunked', 'none'),
    pieces: fc.array(fc.oneof(bytes, bytes, fc.constant<'flush'>('flush')), { maxLength: 4 }),
    trailers: fc.array(
      field.map(([key, text]): [string, string] => [key, text]),
      { maxLength: 2 },
    ),
    last: fc.option(bytes, { nil: undefined }),
    lastAs: fc.constantFrom<Script['lastAs'][]>('buffer', 'latin1'),
  })
  .filter(({ method, status, framing }) => framing !== 'none' || hasNoBody(method, status))
  // Node's flushHeaders writes the head as UTF-8, which is not what the server has sent; ours does not.
  .map((each) => (isAscii(each) ? each : { ...each, pieces: each.pieces.filter(isBytes) }))

const isBytes = (piece: Piece | 'flush'): boolean => piece !== 'flush'
const isAscii = ({ reason, fields }: Pick<Script, 'reason' | 'fields'>): boolean =>
  !/[\x80-\xff]/.test(reason + fields.flat().join(''))

const hasNoBody = (method: string, status: number): boolean =>
  method === 'HEAD' || status === 204 || status === 304

function fieldsOf({ fields, framing }: Script): string[] {
  const flat = fields.flat()
  if (framing === 'length') flat.push('content-Length', '12345')
  if (framing === 'chunked') flat.push('Transfer-encoding', 'chunked')
  return flat
}

/** What came of it, and whether it is over. */
async function play(answer: ClientAnswer, socket: SlowSocket, script: Script): Promise<string> {
  const isOver = new Promise<void>((resolve) => answer.once('finish', resolve))
  answer.writeHead(script.status, script.reason, fieldsOf(script))
  for (const piece of script.pieces) {
    if (piece === 'flush') answer.flushHeaders()
    else answer.write(bytesOf(piece))
  }
  if (answer.chunkedEncoding && script.trailers.length > 0) answer.addTrailers([...script.trailers])
  if (script.last === undefined) answer.end()
  else if (script.lastAs === 'buffer') answer.end(bytesOf(script.last))
  else answer.end(bytesOf(script.last).toString('latin1'), 'latin1')
  await isOver
  return socket.text
}

/** Head, body without chunk lines, trailers. */
function read(text: string, isChunked: boolean): readonly string[] {
  const headEnd = text.indexOf('\r\n\r\n') + 4
  const head = text.slice(0, headEnd)
  const rest = text.slice(headEnd)
  if (!isChunked || rest === '') return [head, rest]
  return [head, dechunk(rest), trailersOf(rest)]
}

/** Behind the last chunk. */
function trailersOf(rest: string): string {
  for (let at = 0; ; ) {
    const start = rest.indexOf('\r\n', at) + 2
    const size = Number.parseInt(rest.slice(at, start), 16)
    if (!(size > 0)) return size === 0 ? rest.slice(start) : 'no last chunk'
    at = start + size + 2
  }
}

t.test('the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      const [node, own] = [new SlowSocket(), new SlowSocket()]
      const expected = await play(nodeAnswer(node, script.method), node, script)
      const written = await play(directAnswer(own, script.method), own, script)
      const isChunked = script.framing === 'chunked'
      const [a, b] = [read(expected, isChunked), read(written, isChunked)]
      if (a.some((part, i) => part !== b[i]) || a.length !== b.length)
        throw new Error(`${JSON.stringify(b)} instead of ${JSON.stringify(a)}`)
    }),
    { numRuns: 1_500 },
  )
})

const makers = { node: nodeAnswer, ours: directAnswer }
const LENGTH = ['Content-Length', '2']

t.test('what could break out of its line throws in both', async (t) => {
  for (const [whose, make] of Object.entries(makers)) {
    const fresh = (): ClientAnswer => make(new SlowSocket(), 'GET')
    for (const bad of ['', 'a b', 'a:', 'a\r\nb', 'a\n', '\xe4', 'a\0', 'a"', 'a\t', 'ā'])
      t.throws(() => fresh().writeHead(200, 'OK', [bad, 'x', ...LENGTH]), `${whose}, name ${bad}`)
    for (const bad of ['\r\nA: b', 'a\n', '\n', '\r', '\0', '\x7f', 'ā', '\x01']) {
      t.throws(() => fresh().writeHead(200, 'OK', ['a', bad, ...LENGTH]), `${whose}, value ${bad}`)
      t.throws(() => fresh().writeHead(200, bad, LENGTH), `${whose}, reason ${bad}`)
      const answer = fresh()
      answer.writeHead(200, 'OK', ['Transfer-Encoding', 'chunked'])
      t.throws(() => answer.addTrailers([['a', bad]]), `${whose}, trailer ${bad}`)
      t.throws(() => answer.addTrailers([[`a${bad}`, 'b']]), `${whose}, trailer name ${bad}`)
    }
    const answer = fresh()
    answer.writeHead(200, 'OK', LENGTH)
    t.throws(() => answer.writeHead(200, 'OK', LENGTH), `${whose}, a second head`)
  }
})

t.test('behind a head that was refused another one can be written', async (t) => {
  const socket = new SlowSocket()
  const answer = directAnswer(socket, 'GET')
  t.throws(() => answer.writeHead(200, 'OK', ['Transfer-Encoding', 'chunked', 'a b', 'c']))
  t.notOk(answer.headersSent)
  answer.writeHead(500, 'Internal Server Error', LENGTH)
  answer.end('no', 'latin1')
  await turnEnd()
  t.equal(socket.text, 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno')
})

t.test('nothing is written that a client could take for another answer', async (t) => {
  const socket = new SlowSocket()
  const answer = directAnswer(socket, 'GET')
  t.throws(() => answer.write(Buffer.from('a')), 'a body before the head')
  t.throws(() => answer.end('a', 'latin1'), 'an end before the head')
  t.throws(() => answer.writeHead(200, 'OK', ['A', 'b']), 'a body whose end nobody can see')
  await turnEnd()
  t.equal(socket.text, '')
  answer.writeHead(200, 'OK', ['Transfer-Encoding', 'chunked'])
  answer.end()
  await turnEnd()
  const { text } = socket
  answer.end()
  t.throws(() => answer.write(Buffer.from('a')), 'a body behind the end')
  answer.flushHeaders()
  await turnEnd()
  t.match(text, /\r\n0\r\n\r\n$/)
  t.equal(socket.text, text, 'one end')
})

t.test('a reader that lags is waited for', async (t) => {
  for (const framing of [LENGTH, ['Transfer-Encoding', 'chunked']]) {
    for (const size of [8_192, 8_193]) {
      const socket = new SlowSocket({ writableHighWaterMark: 8_192 })
      const answer = directAnswer(socket, 'GET')
      answer.writeHead(200, 'OK', framing)
      socket.isLagging = true
      t.equal(answer.write(Buffer.alloc(size)), false, `${framing[0]}, ${size}`)
      const drained = new Promise<void>((resolve) => answer.once('drain', resolve))
      const stopped = (): void => void t.fail('nobody waits for it any more')
      answer.once('drain', stopped)
      answer.off('drain', stopped)
      socket.catchUp()
      await drained
      t.equal(answer.write(Buffer.from('x')), true)
    }
  }
})

t.test("'finish' comes when all has been handed over", async (t) => {
  for (const [whose, make] of Object.entries(makers)) {
    for (const body of [undefined, 'ok', Buffer.alloc(10_000)]) {
      const socket = new SlowSocket()
      socket.isLagging = true
      const answer = make(socket, 'GET')
      let isFinished = false
      const finished = new Promise<void>((resolve) => answer.once('finish', resolve))
      void finished.then(() => {
        isFinished = true
      })
      answer.writeHead(200, 'OK', LENGTH)
      if (body === undefined) answer.end()
      else if (typeof body === 'string') answer.end(body, 'latin1')
      else answer.end(body)
      await new Promise(setImmediate)
      t.notOk(isFinished, `${whose}: not before`)
      socket.catchUp()
      await finished
    }
  }
})

t.test("'finish' does not come when the socket has gone", async (t) => {
  for (const [whose, make] of Object.entries(makers)) {
    for (const isGoneBefore of [true, false]) {
      const socket = new SlowSocket()
      socket.on('error', () => {})
      socket.isLagging = true
      const answer = make(socket, 'GET')
      answer.once('finish', () => t.fail(`${whose}: nobody has had it`))
      if (isGoneBefore) socket.destroy()
      answer.writeHead(200, 'OK', LENGTH)
      answer.end('ok', 'latin1')
      if (isGoneBefore) t.equal(socket.text, '', 'not written at all')
      else socket.destroy(new Error('reset'))
      await new Promise(setImmediate)
      await new Promise(setImmediate)
    }
  }
  const socket = new SlowSocket()
  const answer = directAnswer(socket, 'GET')
  const listener = (): void => void t.fail('taken back')
  answer.once('finish', listener)
  answer.off('finish', listener)
  answer.writeHead(200, 'OK', LENGTH)
  answer.end('ok', 'latin1')
  await new Promise(setImmediate)
})
