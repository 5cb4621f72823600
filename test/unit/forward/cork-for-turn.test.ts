import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turnEnd } from 'node:timers/promises'
import t from 'tap'
import { corkForTurn, uncorkNow } from '../../../src/forward/cork-for-turn.ts'
import { socketPairs } from '../../support/socket-pairs.ts'

const isHeld = (socket: Socket): boolean => socket.writableLength > 0

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turnEnd()
}

t.test('what is written in a turn leaves at its end, in its order', async (t) => {
  const { ours, received } = await socketPairs(t, 3)
  for (const part of ['a', 'b']) {
    for (const socket of ours) {
      corkForTurn(socket)
      socket.write(part)
    }
  }
  t.ok(ours.every(isHeld))
  await turnEnd()
  t.notOk(ours.some(isHeld))
  await until(() => received.join() === 'ab,ab,ab')
})

t.test('the end of a socket takes along what waits', async (t) => {
  const { first, received } = await socketPairs(t, 1)
  corkForTurn(first)
  first.write('all')
  first.end(' of it')
  await until(() => received[0] === 'all of it')
})

t.test('of more than 32 the first do not wait for the last', async (t) => {
  const { ours, received } = await socketPairs(t, 33)
  for (const socket of ours) {
    corkForTurn(socket)
    socket.write('x')
  }
  t.same([ours.slice(0, 32).some(isHeld), isHeld(ours[32] as Socket)], [false, true])
  await until(() => received.every((text) => text === 'x'))
})

t.test('who destroys a socket can let go of what waits before', async (t) => {
  const { first, received } = await socketPairs(t, 1)
  corkForTurn(first)
  first.write('last words')
  uncorkNow(first)
  first.destroy()
  await until(() => received[0] === 'last words')
})

t.test('let go of once, it can be held again in the same turn', async (t) => {
  const { first, received } = await socketPairs(t, 1)
  for (const part of ['a', 'b']) {
    corkForTurn(first)
    first.write(part)
    t.ok(isHeld(first))
    if (part === 'a') uncorkNow(first)
  }
  await until(() => received[0] === 'ab')
  t.equal(first.writableCorked, 0)
})

t.test('a socket that cannot be let go of keeps nobody else', async (t) => {
  const { ours, received, first } = await socketPairs(t, 3)
  for (const socket of ours) {
    corkForTurn(socket)
    socket.write('x')
  }
  const error = new Error('a bug on purpose')
  first.uncork = () => {
    throw error
  }
  const [told] = await once(first, 'error')
  t.equal(told, error)
  await until(() => received.join() === ',x,x')
})

t.test('whoever is destroyed before the turn ends disturbs nobody', async (t) => {
  const { ours, received, first } = await socketPairs(t, 2)
  for (const socket of ours) {
    corkForTurn(socket)
    socket.write('x')
  }
  first.destroy()
  await until(() => received.join() === ',x')
})
