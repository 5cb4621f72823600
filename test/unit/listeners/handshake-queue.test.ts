/** Handshakes wait their turn: of each client in turn, a few in each turn of the event loop. */
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createHandshakeQueue } from '../../../src/listeners/handshake-queue.ts'

/** A socket on which the client has said something already, or nothing yet. */
function socketOf(name: string, says = 'hello'): Socket {
  const socket = new PassThrough()
  if (says) socket.write(says)
  return Object.assign(socket, { name }) as unknown as Socket
}

function start(handshakeMs = 60_000) {
  const begun: string[] = []
  const late: string[] = []
  const shed: string[] = []
  const nameOf = (socket: Socket): string => (socket as unknown as { name: string }).name
  const take = createHandshakeQueue({
    handshakeMs,
    begin: (socket) => begun.push(`${nameOf(socket)} ${socket.read()}`),
    onTimeout: (socket) => late.push(nameOf(socket)),
    onShed: (socket) => shed.push(nameOf(socket)),
  })
  return { take, begun, late, shed }
}

t.test('one alone does not wait', async (t) => {
  const { take, begun } = start()
  take(socketOf('a'), 'client')
  t.same(begun, ['a hello'], 'and its bytes are still there')
})

t.test('a few begin in each turn of the event loop', async (t) => {
  const { take, begun } = start()
  for (let n = 0; n < 10; n++) take(socketOf(`${n}`), 'client')
  for (let most = 2; most <= 10; most += 2) {
    t.ok(begun.length <= most, `${begun.length} of at most ${most}`)
    await turn()
  }
  while (begun.length < 10) await turn()
  t.same(
    begun.map((text) => text[0]),
    [...'0123456789'],
    'in the order in which they came',
  )
})

t.test('a client with many does not keep others waiting', async (t) => {
  const { take, begun } = start()
  for (let n = 0; n < 100; n++) take(socketOf('flood'), 'attacker')
  take(socketOf('good'), 'client')
  while (begun.length < 101) await turn()
  t.ok(begun.indexOf('good hello') < 6, `${begun.indexOf('good hello')}`)
})

t.test('whoever says nothing costs no turn, and has a time', async (t) => {
  const { take, begun, late } = start(10)
  const silent = socketOf('silent', '')
  take(silent, 'client')
  await new Promise((resolve) => silent.once('close', resolve))
  t.same({ begun, late }, { begun: [], late: ['silent'] })
})

t.test('one that speaks later is served then', async (t) => {
  const { take, begun } = start()
  const socket = socketOf('later', '')
  take(socket, 'client')
  await turn()
  t.same(begun, [])
  ;(socket as unknown as PassThrough).write('now')
  while (begun.length === 0) await turn()
  t.same(begun, ['later now'])
})

t.test('one that has gone meanwhile is left out', async (t) => {
  const { take, begun } = start()
  const sockets = ['a', 'b', 'c', 'd'].map((name) => socketOf(name))
  for (const socket of sockets) take(socket, 'client')
  sockets[2]?.destroy()
  while (begun.length < 3) await turn()
  await turn()
  t.same(begun, ['a hello', 'b hello', 'd hello'])
})

t.test('too many: those go that have waited longest', async (t) => {
  const { take, begun, shed } = start()
  const sockets = Array.from({ length: 1_012 }, (_, n) => socketOf(`${n}`))
  for (const socket of sockets) take(socket, 'client')
  t.same(shed, ['2', '3', '4', '5', '6', '7', '8', '9', '10', '11'])
  t.ok(sockets[2]?.destroyed)
  while (begun.length < 1_002) await turn()
  for (const socket of sockets) socket.destroy()
})
