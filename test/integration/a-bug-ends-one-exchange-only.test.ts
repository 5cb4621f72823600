/**
 * Wherever something throws on the way of an exchange, in a call or in a later event: that exchange ends with 500 or with
 * a cut, its stack is logged, nobody waits, and everybody else goes on.
 *
 * Every method of the objects an exchange is made of throws once, in its first, second or third call, while requests of
 * every kind run. The product has no switch for this: the methods are replaced where they stand.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { BackendConnection } from '../../src/forward/backend-connection.ts'
import { BackendConnections } from '../../src/forward/backend-connections.ts'
import { Download } from '../../src/forward/download.ts'
import { Forwarding } from '../../src/forward/forward.ts'
import { ResponseParser } from '../../src/forward/response-parser.ts'
import { Upload } from '../../src/forward/upload.ts'
import { DirectAnswer } from '../../src/listeners/direct-answer.ts'
import { RequestBody } from '../../src/listeners/request-body.ts'
import { ClientConnection } from '../../src/pipeline/client-connection.ts'
import { PathPolicy } from '../../src/policy/path-policy.ts'
import type { AnswerStyle } from '../fuzz/request-streams.ts'
import { startTalkingBackend, type TalkingBackend } from '../fuzz/talking-backend.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { HOST } from '../support/refusals.ts'
import { upgradeRequest } from '../support/upgrade.ts'

const parts: Readonly<Record<string, object>> = {
  BackendConnection: BackendConnection.prototype,
  BackendConnections: BackendConnections.prototype,
  DirectAnswer: DirectAnswer.prototype,
  ClientConnection: ClientConnection.prototype,
  Download: Download.prototype,
  Forwarding: Forwarding.prototype,
  PathPolicy: PathPolicy.prototype,
  RequestBody: RequestBody.prototype,
  ResponseParser: ResponseParser.prototype,
  Upload: Upload.prototype,
}

interface Method {
  readonly name: string
  readonly owner: object
  readonly key: string
  readonly run: (...args: unknown[]) => unknown
}

const methods: readonly Method[] = Object.entries(parts).flatMap(([part, owner]) =>
  Object.entries(Object.getOwnPropertyDescriptors(owner)).flatMap(([key, { value }]) =>
    typeof value === 'function' && key !== 'constructor'
      ? [{ name: `${part}.${key}`, owner, key, run: value as Method['run'] }]
      : [],
  ),
)

/** Throws in its n-th call, once. @returns how often it was called, and the way back */
function poison({ owner, key, run }: Method, nth: number) {
  const calls = { count: 0, hasThrown: false }
  function poisoned(this: unknown, ...args: unknown[]): unknown {
    if (++calls.count === nth) {
      calls.hasThrown = true
      throw new Error('a bug on purpose')
    }
    return run.apply(this, args)
  }
  Object.defineProperty(owner, key, { value: poisoned, configurable: true, writable: true })
  const restore = (): void =>
    void Object.defineProperty(owner, key, { value: run, configurable: true, writable: true })
  return { calls, restore }
}

interface Scenario {
  readonly what: string
  readonly style: AnswerStyle
  /** Sent one after the other. */
  readonly pieces: readonly string[]
}

const GET = `GET /a HTTP/1.1\r\n${HOST}\r\n`
const CHUNKED = `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`
const CONTINUE = `POST /a HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`

const scenarios: readonly Scenario[] = [
  { what: 'a GET', style: 'length', pieces: [GET] },
  { what: 'two at once', style: 'chunked', pieces: [GET + GET] },
  { what: 'a second one when the server has closed', style: 'then-close', pieces: [GET, GET] },
  { what: 'chunks', style: 'informed', pieces: [`${CHUNKED}5\r\nhello\r\n`, '0\r\n\r\n'] },
  { what: 'an early answer', style: 'early', pieces: [`${CHUNKED}5\r\nhello\r\n`, '0\r\n\r\n'] },
  { what: 'an answer up to the end', style: 'close-delimited', pieces: [GET] },
  { what: 'a sign-in', style: 'offers-ntlm', pieces: [GET, GET] },
  { what: 'a body that breaks', style: 'length', pieces: [CHUNKED, 'x\r\n'] },
  { what: 'a body after 100', style: 'length', pieces: [CONTINUE, 'ab'] },
  { what: 'a refusal', style: 'length', pieces: ['GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n'] },
  { what: 'an upgrade that is refused', style: 'length', pieces: [upgradeRequest()] },
]

interface World {
  readonly proxy: TestProxy
  readonly backend: TalkingBackend
}

/** Waits for whole answers or the end of the connection, and for nothing else: a proxy that hangs hangs the test. */
async function play(
  t: Test,
  { proxy, backend }: World,
  { pieces, style }: Scenario,
): Promise<void> {
  backend.begin([style])
  const client = await openRawClient(t, { port: proxy.httpPort })
  const wanted = pieces.join('').split(' HTTP/1.1\r\n').length - 1
  for (const piece of pieces) {
    client.send(piece)
    await sleep(2)
  }
  await client.until((text) => endsOf(text) >= wanted).catch(() => {})
  client.socket.destroy()
  await client.closed()
}

const endsOf = (text: string): number => text.match(/\r\nok|[a-z]\.\n$/g)?.length ?? 0

const uncaught: unknown[] = []
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  const note = (error: unknown): void => void uncaught.push(error)
  process.on(event, note)
  t.teardown(() => process.off(event, note))
}

/** Where there is no exchange yet, or no longer: it is the process that hears of these. */
const outside = new Set<string>()
const mayBeOutside = [
  'BackendConnection.destroy',
  'BackendConnections.closeAll',
  'BackendConnections.remove',
  'ClientConnection.accept',
  'ClientConnection.beginUpgrade',
  'ClientConnection.closeWhenIdle',
  'ClientConnection.onParseError',
  'RequestBody.add',
]

/** Which methods a scenario calls, and how often. */
async function countCalls(t: Test, world: World, scenario: Scenario): Promise<Map<Method, number>> {
  const poisons = methods.map((method) => ({ method, ...poison(method, Number.POSITIVE_INFINITY) }))
  await play(t, world, scenario)
  for (const { restore } of poisons) restore()
  return new Map(
    poisons.flatMap(({ method, calls }) => (calls.count > 0 ? [[method, calls.count]] : [])),
  )
}

for (const scenario of scenarios) {
  t.test(scenario.what, { timeout: 60_000 }, async (t) => {
    const backend = await startTalkingBackend()
    t.teardown(() => backend.stop())
    const proxy = await startTestProxy(t, {
      servers: [backend],
      // A fault that is not dealt with would wait for one of these.
      top: 'timeouts: { requestHead: 10s, requestBody: 10s, response: 10s }',
    })
    const world = { proxy, backend }
    const called = await countCalls(t, world, scenario)
    t.ok(called.size > 0)
    let thrown = 0
    for (const [method, count] of called) {
      for (const nth of new Set([1, count])) {
        const { calls, restore } = poison(method, nth)
        const before = proxy.lines.length
        uncaught.length = 0
        await play(t, world, scenario)
        restore()
        if (!calls.hasThrown) continue
        thrown++
        if (!(await isTold(proxy, before))) t.fail(`${method.name}, call ${nth}: not in the log`)
        if (uncaught.length > 0) outside.add(method.name)
      }
    }
    t.ok(thrown > 0, `${thrown} faults`)
    const waited = proxy.lines.filter(({ outcome = '' }) => /timeout/.test(outcome))
    t.same(waited, [], 'nobody waited for a time-out')
    t.ok(proxy.lines.some(({ outcome }) => outcome === 'proxy-fault'))
    await play(t, world, { what: 'a good client', style: 'length', pieces: [GET] })
  })
}

async function isTold(proxy: TestProxy, before: number): Promise<boolean> {
  for (let turns = 0; turns < 2_000; turns++) {
    const isLogged = proxy.lines.slice(before).some(({ msg }) => msg === 'fault')
    if (isLogged || uncaught.length > 0) return true
    await sleep(1)
  }
  return false
}

t.test('only what belongs to no exchange is told to the process', async (t) => {
  t.same(
    [...outside].filter((name) => !mayBeOutside.includes(name)),
    [],
  )
})
