/** `timeouts.keepAlive` is for a client that sends nothing. Whoever is in the middle of a head has another time. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import type { ClientAnswer, ClientRequest } from '../../../src/forward/client-message.ts'
import type { Arrival } from '../../../src/pipeline/arrival.ts'
import { ClientConnection } from '../../../src/pipeline/client-connection.ts'

const IDLE_MS = 10_000
const PACES = {
  sending: { windowMs: 1e9, bytesPerSecond: 0 },
  reading: { windowMs: 1e9, bytesPerSecond: 0 },
  idleMs: IDLE_MS,
}

class FakeSocket extends EventEmitter {
  bytesRead = 0
  readonly readableLength = 0
  writableLength = 0
  writableEnded = false
  readonly destroyed = false

  end(): void {
    this.writableEnded = true
  }
}

/** A connection that has served `bytes` of requests; the looks are told in milliseconds from the end of the last one. */
function served(bytes: number) {
  const socket = new FakeSocket()
  const connection = new ClientConnection(socket as unknown as Socket, {} as Arrival, () => {})
  const serve = (): void => {
    socket.bytesRead += bytes
    connection.accept({ req: {} as ClientRequest, res: {} as ClientAnswer })
    connection.done(false)
  }
  const look = (afterMs: number): boolean => {
    connection.checkPace((connection.servedAtMs ?? 0) + afterMs, PACES)
    return socket.writableEnded
  }
  return { socket, connection, serve, look }
}

t.test('silence', async (t) => {
  const { serve, look } = served(100)
  t.notOk(look(1e9), 'before the first request it is the head that is waited for')
  serve()
  t.notOk(look(500))
  t.notOk(look(IDLE_MS))
  t.ok(look(IDLE_MS + 1))
})

t.test('a part of a head, and even one of nothing', async (t) => {
  const { socket, serve, look } = served(100)
  serve()
  t.notOk(look(500))
  socket.bytesRead += 1
  t.notOk(look(IDLE_MS + 1), 'something has come')
  t.notOk(look(2 * IDLE_MS))
  t.ok(look(2 * IDLE_MS + 2), 'and nothing more')
})

t.test('another request', async (t) => {
  const { serve, look } = served(100)
  serve()
  t.notOk(look(500))
  serve()
  t.notOk(look(IDLE_MS - 1))
  t.ok(look(IDLE_MS + 1))
})

t.test('an answer that has not left is no silence either', async (t) => {
  const { socket, serve, look } = served(100)
  serve()
  t.notOk(look(500))
  socket.writableLength = 1
  t.notOk(look(IDLE_MS + 1))
  socket.writableLength = 0
  t.ok(look(IDLE_MS + 2))
})
