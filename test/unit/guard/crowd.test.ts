/** Who goes when there is no room. */
import t from 'tap'
import { ConnectionLimits, clientKey } from '../../../src/guard/connection-limits.ts'
import { Crowd, type Guest, type Idleness } from '../../../src/guard/crowd.ts'

interface Visit {
  readonly address?: string
  readonly listener?: string
  readonly idleness?: Idleness | undefined
  readonly ageMs?: number
}

interface HouseSettings {
  readonly connections: number
  readonly connectionsPerClient?: number
  /** Of the listener `internet`. */
  readonly internet?: number
}

function house({ internet, ...settings }: HouseSettings) {
  const limits = new ConnectionLimits()
  const listeners = [{ name: 'internet', connections: internet }]
  limits.adopt({ connectionsPerClient: 1_000_000, ...settings }, listeners)
  const clock = { nowMs: 1_000_000 }
  const crowd = new Crowd(limits, () => clock.nowMs)
  const gone: string[] = []
  const enter = (name: string, visit: Visit) => {
    const { address = '192.0.2.1', listener = 'internet', idleness, ageMs = 0 } = visit
    const share = limits.shareOf(listener)
    if (limits.tryToAdmit(address, share)) return undefined
    const guest = {
      client: clientKey(address),
      listener,
      idleness,
      idleSinceMs: clock.nowMs - ageMs,
      shed: () => {
        gone.push(name)
        crowd.remove(guest)
        limits.release(address, share)
      },
    } satisfies Guest as { -readonly [Key in keyof Guest]: Guest[Key] }
    crowd.add(guest)
    return guest
  }
  return { limits, clock, crowd, gone, enter }
}

t.test('unfinished ones go first, then idle ones, last those who are signed in', async (t) => {
  const { gone, enter, clock } = house({ connections: 4 })
  enter('in use', { ageMs: 999_999 })
  enter('signed in', { idleness: 'signed-in', ageMs: 100_000 })
  enter('idle', { idleness: 'idle', ageMs: 10_000 })
  enter('unfinished', { idleness: 'unfinished', ageMs: 10_000 })
  for (const name of ['a', 'b', 'c']) {
    t.ok(enter(name, {}), name)
    clock.nowMs += 10 // looks at all of them have a distance
  }
  t.same(gone, ['unfinished', 'idle', 'signed in'])
})

t.test('the oldest of its kind goes first', async (t) => {
  const { gone, enter } = house({ connections: 3 })
  for (const ageMs of [6_000, 9_000, 7_000]) enter(`${ageMs}`, { idleness: 'unfinished', ageMs })
  for (let n = 0; n < 3; n++) enter('new', {})
  t.same(gone, ['9000', '7000', '6000'])
})

t.test('of equals the client with many connections gives up one', async (t) => {
  const { gone, enter } = house({ connections: 20 })
  enter('small', { address: '192.0.2.9', idleness: 'idle', ageMs: 500_000 })
  for (let n = 0; n < 19; n++)
    enter('large', { address: '192.0.2.1', idleness: 'idle', ageMs: 2_000 })
  for (let n = 0; n < 10; n++) t.ok(enter('new', { address: `198.51.100.${n}` }))
  t.same(new Set(gone), new Set(['large']))
})

t.test('all addresses of a /64 are one client', async (t) => {
  const { gone, enter } = house({ connections: 20 })
  enter('small', { address: '2001:db8:1::1', idleness: 'idle', ageMs: 500_000 })
  for (let n = 0; n < 19; n++)
    enter('large', { address: `2001:db8:2::${n}`, idleness: 'idle', ageMs: 2_000 })
  for (let n = 0; n < 10; n++) t.ok(enter('new', { address: `198.51.100.${n}` }))
  t.same(new Set(gone), new Set(['large']))
})

t.test('nobody goes who is in use, or has only just come or been served', async (t) => {
  const { gone, enter, clock } = house({ connections: 4 })
  enter('in use', { ageMs: 999_999 })
  enter('coming', { idleness: 'unfinished', ageMs: 999 })
  enter('served', { idleness: 'idle', ageMs: 999 })
  enter('signed in', { idleness: 'signed-in', ageMs: 59_999 })
  t.equal(enter('new', {}), undefined)
  clock.nowMs += 250
  t.ok(enter('later', {}), 'now one is old enough')
  t.same(gone, ['served'])
})

t.test('a client at its own limit makes room itself', async (t) => {
  const { gone, enter } = house({ connections: 100, connectionsPerClient: 2 })
  enter('other', { address: '192.0.2.9', idleness: 'unfinished', ageMs: 10_000 })
  enter('own', { idleness: 'idle', ageMs: 10_000 })
  enter('in use', {})
  t.ok(enter('new', {}))
  t.same(gone, ['own'])
  t.equal(enter('newer', {}), undefined, 'the other client has nothing to do with it')
})

t.test('a listener at its own limit makes room itself', async (t) => {
  const { gone, enter, limits } = house({ connections: 100, internet: 2 })
  const inside = { listener: 'inside', idleness: 'unfinished', ageMs: 10_000 } as const
  enter('inside', inside)
  // Its name is an address: a client of that name is somebody else.
  enter('named so', { ...inside, address: '192.0.2.9', listener: '192.0.2.1' })
  enter('own', { address: '192.0.2.9', idleness: 'idle', ageMs: 10_000 })
  enter('in use', {})
  t.ok(enter('new', {}))
  t.same(gone, ['own'])
  t.equal(enter('newer', {}), undefined, 'other listeners have nothing to do with it')
  t.ok(enter('inside too', { listener: 'inside' }), 'and there is room there')
  t.equal(limits.shareOf('internet').open, 2)
})

t.test('who has been found and is in use by now stays', async (t) => {
  const { gone, enter } = house({ connections: 2 })
  const first = enter('first', { idleness: 'idle', ageMs: 9_000 })
  enter('second', { idleness: 'idle', ageMs: 8_000 })
  t.ok(enter('new', { idleness: undefined }))
  t.same(gone, ['first'])
  if (first) first.idleness = undefined
  const { gone: none, enter: come, clock } = house({ connections: 2 })
  const one = come('one', { idleness: 'idle', ageMs: 9_000 })
  const two = come('two', { idleness: 'idle', ageMs: 8_000 })
  come('three', {})
  if (two) two.idleness = undefined
  t.equal(come('four', {}), undefined, 'both were found with one look, and the second is in use')
  if (one) clock.nowMs += 250
  t.same(none, ['one'])
})

t.test('a flood without anybody to go does not look at all again for each', async (t) => {
  const { crowd, enter, clock } = house({ connections: 100 })
  let looks = 0
  for (let n = 0; n < 100; n++) {
    const guest = enter('busy', {})
    if (guest)
      Object.defineProperty(guest, 'idleness', {
        get: () => {
          looks++
          return undefined
        },
      })
  }
  for (let n = 0; n < 1_000; n++) enter('new', {})
  t.equal(looks, 100)
  clock.nowMs += 250
  enter('new', {})
  t.equal(looks, 200)
  t.equal(crowd.limits.open, 100)
})

t.test('few are told, and whoever does not ask makes room for the next one', async (t) => {
  const { crowd, enter, clock } = house({ connections: 1_000 })
  for (let n = 0; n < 1_000; n++) enter('busy', {})
  const gone: number[] = []
  const tell = (name: number): boolean => {
    if (!crowd.mayTell()) return false
    const guest = {
      client: '192.0.2.1',
      listener: 'internet',
      idleness: undefined,
      idleSinceMs: clock.nowMs,
      shed: () => {
        gone.push(name)
        crowd.remove(guest)
      },
    }
    crowd.addTold(guest)
    return true
  }
  for (let n = 0; n < 64; n++) t.equal(tell(n), true)
  t.equal(tell(64), false)
  t.equal(crowd.told, 64)
  clock.nowMs += 1_000
  t.equal(tell(65), true)
  t.same(gone, [0])
  t.equal(crowd.told, 64)
})
