/**
 * Requests are taken over from Node's server, unusual ones are not, and both run on one connection: whatever the mixture,
 * answers come in the order of the requests and whole.
 */
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createAuthority, type IssuedCertificate } from '../../src/lab/authority.ts'
import { splitRequests } from '../support/answering-backend.ts'
import { fc } from '../support/property.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { openRawClient, type RawClient } from '../support/raw-client.ts'
import { type RecordingBackend, startRecordingBackend } from '../support/recording-backend.ts'
import { HOST } from '../support/refusals.ts'
import { upgradeRequest } from '../support/upgrade.ts'

/** How each request is put; `#` stands for its target. */
const KINDS = {
  get: `GET # HTTP/1.1\r\n${HOST}\r\n`,
  head: `HEAD # HTTP/1.1\r\n${HOST}\r\n`,
  many: `GET # HTTP/1.1\r\n${HOST}${'A: b\r\n'.repeat(100)}\r\n`,
  post: `POST # HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  chunks: `POST # HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  options: `OPTIONS # HTTP/1.1\r\n${HOST}\r\n`,
  empty: `GET # HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  body: `GET # HTTP/1.1\r\n${HOST}content-length: 5\r\n\r\nhello`,
  expect: `GET # HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
  http10: `GET # HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
  refused: `GET # HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
  trace: `TRACE # HTTP/1.1\r\n${HOST}\r\n`,
} as const

/** Nothing is answered behind these. */
const LAST = {
  close: `GET # HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
  closingPost: `POST # HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 5\r\n\r\nhello`,
  old: `GET # HTTP/1.0\r\n${HOST}\r\n`,
} as const

type Kind = keyof typeof KINDS | keyof typeof LAST
const requestOf = (kind: Kind, target: string): string =>
  ({ ...KINDS, ...LAST })[kind].replace('#', target)

/** How the server answers; `slow` ones take some turns, and `split` comes in two parts. */
const STYLES = [
  'small',
  'large',
  'chunks',
  'slow',
  'split',
  'early',
  'ends',
  'not-modified',
] as const
type Style = (typeof STYLES)[number]

const FILLER: Readonly<Record<Style, number>> = {
  small: 1,
  large: 150_000,
  chunks: 20_000,
  slow: 9_000,
  split: 8_193,
  early: 5,
  ends: 10,
  'not-modified': 0,
}

const bodyOf = (target: string, style: Style): string => `${target} ${'x'.repeat(FILLER[style])}`

const styleOf = (request: string): Style =>
  STYLES.find((style) => request.includes(`/${style}/`)) ?? 'small'

function answer(socket: Socket, request: string): void {
  const target = request.split(' ')[1] as string
  const style = styleOf(request)
  const body = bodyOf(target, style)
  const isHead = request.startsWith('HEAD')
  const status = style === 'not-modified' ? '304 Not Modified' : '200 OK'
  const head = `HTTP/1.1 ${status}\r\nX-Target: ${target}\r\n`
  const length = `Content-Length: ${body.length}\r\n`
  const send = (text: string): void => void socket.write(text, 'latin1')
  if (style === 'not-modified') return send(`${head}\r\n`)
  if (isHead) return send(`${head}${length}\r\n`)
  if (style === 'chunks') {
    const half = body.length >> 1
    const parts = [body.slice(0, half), body.slice(half)]
    const lines = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    return send(`${head}Transfer-Encoding: chunked\r\n\r\n${lines.join('')}0\r\n\r\n`)
  }
  if (style === 'ends') return void socket.end(`${head}${length}Connection: close\r\n\r\n${body}`)
  if (style === 'slow') return void setTimeout(() => send(`${head}${length}\r\n${body}`), 3)
  send(`${head}${length}\r\n${body.slice(0, 10)}`)
  if (style === 'split') setImmediate(() => send(body.slice(10)))
  else send(body.slice(10))
}

/** Answers each request as its target says, and those in `/early/` before their bodies. */
function startStyledBackend(t: Test, certificate?: IssuedCertificate): Promise<RecordingBackend> {
  const answered = new WeakMap<Socket, number>()
  const onBytes = (socket: Socket, recorded: string): void => {
    socket.setNoDelay(true)
    const requests = splitRequests(recorded)
    const rest = recorded.slice(requests.join('').length)
    if (rest.includes('\r\n\r\n') && rest.includes('/early/')) requests.push(rest)
    for (let i = answered.get(socket) ?? 0; i < requests.length; i++) {
      answered.set(socket, i + 1)
      answer(socket, requests[i] as string)
    }
  }
  return startRecordingBackend(t, onBytes, certificate)
}

async function startWorld(t: Test): Promise<TestProxy> {
  const authority = await createAuthority('Test Root')
  const certificate = await authority.issue({ names: ['pool01.contoso.local'] })
  const plain = await startStyledBackend(t)
  const secure = await startStyledBackend(t, certificate)
  const servers = [{ httpPort: plain.httpPort, httpsPort: secure.httpsPort }]
  return startTestProxy(t, { servers, authority })
}

interface Step {
  readonly kind: Kind
  readonly style: Style
}

interface Sequence {
  readonly steps: readonly Step[]
  /** Where the bytes are cut, as parts of the whole. */
  readonly cuts: readonly number[]
  /** Turns for which the client does not read. */
  readonly sleep: number
  readonly isTls: boolean
}

const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[]
const step = fc.record({
  kind: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Kind>('get') },
    fc.constantFrom<Kind[]>(...kinds),
  ),
  style: fc.constantFrom(...STYLES),
})
const sequence: fc.Arbitrary<Sequence> = fc.record({
  steps: fc
    .tuple(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.option(fc.constantFrom(...(Object.keys(LAST) as Kind[])), { nil: undefined }),
    )
    .map(([steps, last]) => (last ? [...steps, { kind: last, style: 'small' as const }] : steps)),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
  sleep: fc.constantFrom(0, 0, 3, 30),
  isTls: fc.boolean(),
})

const targetOf = ({ style }: Step, i: number): string => `/${style}/${i}`

interface Received {
  readonly head: string
  readonly body: string
}

/** The answers in what a client has received; undefined: the last one is not whole. */
function answersOf(text: string, steps: readonly Step[]): readonly Received[] | undefined {
  const answers: Received[] = []
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\r\n\r\n', at) + 4
    if (end < 4) return undefined
    const head = text.slice(at, end)
    const kind = steps[answers.length]?.kind
    const length = Number(/\r\nContent-Length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (/^HTTP\/1\.1 1/.test(head)) {
      at = end
      continue
    }
    if (kind === 'head' || / 304 /.test(head)) {
      answers.push({ head, body: '' })
      at = end
    } else if (/\r\nTransfer-Encoding: chunked/i.test(head)) {
      let body = ''
      for (at = end; ; ) {
        const line = text.indexOf('\r\n', at) + 2
        const size = Number.parseInt(text.slice(at, line), 16)
        if (line < 2 || Number.isNaN(size) || text.length < line + size + 2) return undefined
        body += text.slice(line, line + size)
        at = line + size + 2
        if (size === 0) break
      }
      answers.push({ head, body })
    } else if (/\r\nContent-Length: /i.test(head)) {
      if (text.length < end + length) return undefined
      answers.push({ head, body: text.slice(end, end + length) })
      at = end + length
    } else {
      answers.push({ head, body: text.slice(end) })
      at = text.length
    }
  }
  return answers
}

/** What is wrong with them. */
function troubleOf(answers: readonly Received[] | undefined, steps: readonly Step[]): string {
  if (!answers) return 'an answer is not whole'
  for (const [i, { head, body }] of answers.entries()) {
    const step = steps[i]
    if (!step) return `one answer too many: ${head}`
    const target = targetOf(step, i)
    if (step.kind === 'refused' || step.kind === 'trace') {
      if (!/^HTTP\/1\.1 4(?:21|05) /.test(head)) return `${i}: not refused: ${head}`
      if (!/\r\nDate: .*\r\n/.test(head)) return `${i}: no Date: ${head}`
    } else {
      if (!head.includes(`\r\nX-Target: ${target}\r\n`)) return `${i}: another one's: ${head}`
      const isBare = step.kind === 'head' || step.style === 'not-modified'
      if (body !== (isBare ? '' : bodyOf(target, step.style)))
        return `${i}: body: ${body.slice(0, 99)}`
      if (/\r\n(?:Date|Keep-Alive|Via):/i.test(head)) return `${i}: a field of ours: ${head}`
    }
    const closes = /\r\nConnection: close\r\n/i.test(head)
    if (closes && i + 1 < answers.length) return `${i}: followed by another one`
    if (step.kind in LAST && !closes) return `${i}: does not say that it is the last`
    const keeps = /\r\nConnection: keep-alive\r\n/i.test(head)
    if (keeps !== (step.kind === 'http10' && !closes)) return `${i}: Connection: ${head}`
  }
  const closed = answers.some(({ head }) => /\r\nConnection: close\r\n/i.test(head))
  return answers.length === steps.length || closed ? '' : `only ${answers.length} answers`
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function open(t: Test, proxy: TestProxy, isTls: boolean): Promise<RawClient> {
  const tls = { serverName: 'lyncweb.contoso.com', ca: proxy.ca }
  return openRawClient(t, isTls ? { port: proxy.httpsPort, tls } : { port: proxy.httpPort })
}

async function play(t: Test, proxy: TestProxy, sequence: Sequence): Promise<string> {
  const { steps, cuts, sleep, isTls } = sequence
  const client = await open(t, proxy, isTls)
  client.socket.setNoDelay(true)
  if (sleep > 0) client.socket.pause()
  const text = steps.map((step, i) => requestOf(step.kind, targetOf(step, i))).join('')
  const places = [...cuts.map((part) => Math.floor(part * text.length)), text.length]
  let from = 0
  for (const place of places.sort((a, b) => a - b)) {
    if (place > from) client.send(text.slice(from, place))
    from = place
    await turn()
  }
  for (let turns = 0; turns < sleep; turns++) await turn()
  client.socket.resume()
  const isOver = (got: string): boolean => {
    if (got.split('HTTP/1.1 ').length <= steps.length) return false
    return troubleOf(answersOf(got, steps), steps) === ''
  }
  await client.until(isOver).catch(() => {})
  const trouble = troubleOf(answersOf(client.text, steps), steps)
  client.socket.destroy()
  return trouble
}

t.test('300 mixtures of requests', { timeout: 120_000 }, async (t) => {
  const proxy = await startWorld(t)
  await fc.assert(
    fc.asyncProperty(sequence, async (sequence) => {
      const trouble = await play(t, proxy, sequence)
      if (trouble !== '') throw new Error(trouble)
    }),
    { numRuns: 300, endOnFailure: true },
  )
  t.notOk(proxy.lines.some(({ msg }) => msg === 'fault'))
})

for (const isTls of [false, true]) {
  t.test(isTls ? 'over TLS' : 'plain', async (t) => {
    const proxy = await startWorld(t)

    t.test('byte by byte, behind another one', async (t) => {
      const client = await open(t, proxy, isTls)
      client.socket.setNoDelay(true)
      const steps: Step[] = [
        { kind: 'get', style: 'small' },
        { kind: 'head', style: 'small' },
        { kind: 'get', style: 'slow' },
      ]
      for (const [i, step] of steps.entries()) {
        for (const byte of requestOf(step.kind, targetOf(step, i))) {
          client.send(byte)
          await turn()
        }
      }
      await client.until((text) => answersOf(text, steps)?.length === 3)
      t.equal(troubleOf(answersOf(client.text, steps), steps), '')
    })

    t.test('bytes that are no request: the answer before them, then the refusal', async (t) => {
      for (const kind of ['get', 'post', 'head'] as const) {
        const client = await open(t, proxy, isTls)
        client.send(`${requestOf(kind, '/slow/0')}\0\0\r\n\r\n`)
        const text = await client.closed()
        t.match(text, /^HTTP\/1\.1 200 OK\r\n/)
        t.match(text, /HTTP\/1\.1 400 Bad Request\r\n(?:[^\r\n]+\r\n)*Connection: close\r\n/)
        t.equal(text.split('HTTP/1.1 ').length, 3)
      }
    })

    t.test('a second head that is too large', async (t) => {
      const client = await open(t, proxy, isTls)
      client.send(requestOf('get', '/small/0'))
      await client.until((text) => text.endsWith('x'))
      client.send(`GET / HTTP/1.1\r\n${HOST}A: ${'x'.repeat(70_000)}\r\n\r\n`)
      const text = await client.closed()
      t.match(text, /^HTTP\/1\.1 200 OK\r\n.* xHTTP\/1\.1 431 .*\r\nConnection: close\r\n/s)
    })

    t.test(
      'an upgrade: behind an answer it gets its own, before it nothing is mixed',
      async (t) => {
        const after = await open(t, proxy, isTls)
        after.send(requestOf('get', '/small/0'))
        await after.until((text) => text.endsWith('x'))
        after.send(upgradeRequest())
        t.match(await after.closed(), /^HTTP\/1\.1 200 OK\r\n.* xHTTP\/1\.1 [245].*/s)
        const before = await open(t, proxy, isTls)
        before.send(requestOf('get', '/slow/0') + upgradeRequest())
        t.equal(await before.closed(), '', 'nobody sends one ahead')
      },
    )

    t.test('a client that has ended its side is gone', async (t) => {
      const client = await open(t, proxy, isTls)
      client.socket.end(requestOf('get', '/slow/left'))
      t.match(await proxy.line(({ target }) => target === '/slow/left'), {
        outcome: 'client-left',
      })
      await client.closed()
    })
  })
}

t.test('a second head that does not end', async (t) => {
  const backend = await startStyledBackend(t)
  const top = 'timeouts: { requestHead: 1s }'
  const { httpPort } = await startTestProxy(t, { servers: [backend], top })
  const client = await openRawClient(t, { port: httpPort })
  client.send(`${requestOf('get', '/small/0')}GET / HTTP/1.1\r\n`)
  t.match(await client.closed(), /^HTTP\/1\.1 200 OK\r\n.* xHTTP\/1\.1 408 .*Connection: close/s)
})

/** Sent ahead again and again, until answers wait in Node and in the system because the client does not read. */
const PATTERNS: readonly (readonly Kind[])[] = [
  ['post', 'post', 'get'],
  ['get', 'post', 'get'],
  ['post', 'get', 'head', 'get'],
  ['get', 'get', 'chunks', 'post', 'post', 'get', 'get'],
]

t.test('answers that wait do not overtake each other', { timeout: 120_000 }, async (t) => {
  const backend = await startStyledBackend(t)
  const proxy = await startTestProxy(t, { servers: [backend] })
  const other = await openRawClient(t, { port: proxy.httpPort })
  for (const pattern of PATTERNS) {
    const client = await openRawClient(t, { port: proxy.httpPort })
    client.socket.pause()
    const asked = backend.connections.length
    const steps: Step[] = []
    for (let isStuck = false; !isStuck && steps.length < 2_000; ) {
      const more = pattern.map((kind): Step => ({ kind, style: 'chunks' }))
      const targets = more.map((step, i) => targetOf(step, steps.length + i))
      client.send(more.map(({ kind }, i) => requestOf(kind, targets[i] as string)).join(''))
      steps.push(...more)
      const own = await backend.connection(asked)
      const arrives = (): boolean => own.text.includes(`${targets.at(-1)} `)
      // Another client goes all the way as often: the proxy has had every chance.
      for (let chances = 0; chances < 300 && !arrives(); chances++) await goAllTheWay(other)
      isStuck = !arrives()
    }
    t.ok(steps.length < 2_000, `${pattern}: ${steps.length} are asked for`)
    client.socket.resume()
    const last = `X-Target: ${targetOf(steps.at(-1) as Step, steps.length - 1)}\r\n`
    const isHere = (text: string): boolean => text.includes(last, Math.max(0, text.length - 99_999))
    await client.until((text) => isHere(text) && text.endsWith('\r\n\r\n'))
    t.equal(troubleOf(answersOf(client.text, steps), steps), '')
  }
})

async function goAllTheWay(other: RawClient): Promise<void> {
  const before = other.text.length
  other.send(requestOf('get', '/small/other'))
  await other.until((text) => text.length > before && text.endsWith(' x'))
}
