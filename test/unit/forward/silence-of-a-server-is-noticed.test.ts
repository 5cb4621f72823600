import { Socket } from 'node:net'
import { mock } from 'node:test'
import t from 'tap'
import { BackendConnection, type BackendUser } from '../../../src/forward/backend-connection.ts'
import { createSlabReader, type SlabReader } from '../../../src/forward/slab-reader.ts'
import type { Server } from '../../../src/pools/server.ts'

const RESPONSE_MS = 1000

/** A connection whose clock stands still, and somebody who waits on it. */
function start() {
  let nowMs = 0
  const socket = new Socket()
  const written = { writableLength: 0, bytesWritten: 0 }
  for (const name of ['writableLength', 'bytesWritten'] as const)
    Object.defineProperty(socket, name, { get: () => written[name] })
  const reader: SlabReader = createSlabReader()
  const server = { facts: { inFlight: 0 } } as unknown as Server
  const connection = new BackendConnection(socket, reader, server, false)
  const silences: number[] = []
  const user = new Proxy({} as BackendUser, {
    get: (_, name) => () => {
      if (name === 'onSilence') silences.push(nowMs)
    },
  })
  const begin = (responseMs = RESPONSE_MS): void =>
    connection.begin(user, 'GET', responseMs, () => nowMs)
  const pass = (ms: number): void => {
    // Step by step, so that what a timer sets is due in its turn.
    for (let step = 0; step < ms; step++) {
      nowMs++
      mock.timers.tick(1)
    }
  }
  const read = (text: string): void => void reader.take?.(Buffer.from(text), undefined)
  return { connection, socket, written, silences, begin, pass, read }
}

t.beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
t.afterEach(() => mock.timers.reset())

t.test('a server that says nothing is silent after the response time-out', async (t) => {
  const { begin, pass, silences } = start()
  begin()
  pass(3 * RESPONSE_MS)
  t.same(silences, [RESPONSE_MS])
})

t.test('what is read puts it off', async (t) => {
  const { begin, pass, read, silences } = start()
  begin()
  pass(600)
  read('HTTP/1.1 200 OK\r\n')
  pass(3 * RESPONSE_MS)
  t.same(silences, [600 + RESPONSE_MS])
})

t.test('the time of a later request begins with it', async (t) => {
  const { connection, begin, pass, read, silences } = start()
  begin()
  pass(300)
  read('HTTP/1.1 204 No Content\r\n\r\n')
  connection.release()
  pass(400)
  begin()
  pass(3 * RESPONSE_MS)
  t.same(silences, [700 + RESPONSE_MS])
})

t.test('nobody hears of silence between two requests', async (t) => {
  const { connection, begin, pass, read, silences } = start()
  begin()
  read('HTTP/1.1 204 No Content\r\n\r\n')
  connection.release()
  pass(5 * RESPONSE_MS)
  t.same(silences, [])
  begin()
  pass(RESPONSE_MS)
  t.same(silences, [6 * RESPONSE_MS])
})

t.test('who waits on hears of it again', async (t) => {
  const { connection, begin, pass, silences } = start()
  begin()
  pass(RESPONSE_MS)
  connection.noteLife()
  pass(RESPONSE_MS)
  t.same(silences, [RESPONSE_MS, 2 * RESPONSE_MS])
})

t.test('a server that still takes what was written is not silent', async (t) => {
  const { begin, pass, written, silences } = start()
  begin()
  written.bytesWritten = 100
  written.writableLength = 90
  pass(RESPONSE_MS)
  t.same(silences, [], 'it has taken some')
  written.writableLength = 50
  pass(RESPONSE_MS)
  t.same(silences, [], 'and more')
  pass(RESPONSE_MS)
  t.same(silences, [3 * RESPONSE_MS], 'and then no more')
})

t.test('a shorter time-out counts from the next request on', async (t) => {
  const { connection, begin, pass, read, silences } = start()
  begin(100 * RESPONSE_MS)
  read('HTTP/1.1 204 No Content\r\n\r\n')
  connection.release()
  begin()
  pass(3 * RESPONSE_MS)
  t.same(silences, [RESPONSE_MS])
})

t.test('a connection that has ended hears nothing', async (t) => {
  const { connection, begin, pass, silences } = start()
  begin()
  connection.destroy()
  pass(3 * RESPONSE_MS)
  t.same(silences, [])
})
