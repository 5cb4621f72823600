/** What workers say of themselves, added up. */
import t from 'tap'
import type { Pulse } from '../../../src/workers/messages.ts'
import { connectionsElsewhere, sumOfConnections, sumOfLoads } from '../../../src/workers/pulses.ts'

type Counts = Readonly<Record<string, number>>

const worker = (
  open: number,
  clients: Counts,
  servers: Pulse['servers'] = [],
  listeners: Counts = {},
) => ({
  pulse: {
    connections: {
      open,
      clients: new Map(Object.entries(clients)),
      listeners: new Map(Object.entries(listeners)),
    },
    servers,
  },
})

const one = worker(3, { '192.0.2.1': 2 }, [{ key: 'fe01', inFlight: 1, pinned: 2 }])
const two = worker(5, { '192.0.2.1': 4, '192.0.2.2': 1 })
const three = worker(1, {}, [
  { key: 'fe01', inFlight: 3, pinned: 0 },
  { key: 'fe02', inFlight: 7, pinned: 7 },
])

t.test('connections of all but one', async (t) => {
  const sum = sumOfConnections([one, two, three])
  const { open, clients } = connectionsElsewhere(three, sum, 2)
  t.equal(open, 8)
  t.same(Object.fromEntries(clients), { '192.0.2.1': 6, '192.0.2.2': 1 })
  t.same(Object.fromEntries(connectionsElsewhere(two, sum, 2).clients), { '192.0.2.1': 2 })
  t.same(connectionsElsewhere(one, sumOfConnections([one]), 2), {
    open: 0,
    clients: new Map(),
    listeners: new Map(),
  })
  t.same(connectionsElsewhere(three, sum, 13).clients, new Map(), 'far from the limit')
})

t.test('connections of a listener, however far from its limit', async (t) => {
  const first = worker(3, {}, [], { internet: 2, inside: 1 })
  const second = worker(5, {}, [], { internet: 5 })
  const sum = sumOfConnections([first, second, three])
  const elsewhere = (own: typeof first) =>
    Object.fromEntries(connectionsElsewhere(own, sum, 5_000).listeners)
  t.same(elsewhere(first), { internet: 5 })
  t.same(elsewhere(second), { internet: 2, inside: 1 })
  t.same(elsewhere(three), { internet: 7, inside: 1 })
})

t.test('loads of servers', async (t) => {
  const sums = sumOfLoads([one, two, three])
  t.same(
    [...sums.values()],
    [
      { key: 'fe01', inFlight: 4, pinned: 2 },
      { key: 'fe02', inFlight: 7, pinned: 7 },
    ],
  )
})
