/** Adds up what workers say of themselves. */
import type { ConnectionCounts } from '../guard/connection-limits.ts'
import type { ServerLoad } from './messages.ts'
import type { WorkerProcess } from './worker-process.ts'

type Source = Pick<WorkerProcess, 'pulse'>

/** Connections of all workers together. */
export function sumOfConnections(all: Iterable<Source>): ConnectionCounts {
  let open = 0
  const clients = new Map<string, number>()
  const listeners = new Map<string, number>()
  for (const { pulse } of all) {
    open += pulse.connections.open
    addTo(clients, pulse.connections.clients)
    addTo(listeners, pulse.connections.listeners)
  }
  return { open, clients, listeners }
}

function addTo(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count)
}

/**
 * What a worker is to know of the others. The message has an end: clients that are far from their limit are left out,
 * and of more than `MOST_CLIENTS` those that came first stay. Listeners are few: the file has an end.
 * @param perClient the limit of one client
 */
export function connectionsElsewhere(
  own: Source,
  sum: ConnectionCounts,
  perClient: number,
): ConnectionCounts {
  const { connections } = own.pulse
  const clients = new Map<string, number>()
  for (const [client, count] of sum.clients) {
    if (count < perClient * NEAR) continue
    const elsewhere = count - (connections.clients.get(client) ?? 0)
    if (elsewhere > 0) clients.set(client, elsewhere)
    if (clients.size >= MOST_CLIENTS) break
  }
  const listeners = new Map<string, number>()
  for (const [listener, count] of sum.listeners) {
    const elsewhere = count - (connections.listeners.get(listener) ?? 0)
    if (elsewhere > 0) listeners.set(listener, elsewhere)
  }
  return { open: sum.open - connections.open, clients, listeners }
}

/** The part of its limit from which on a client is worth telling others about. */
const NEAR = 0.5
const MOST_CLIENTS = 1_000

/** What servers do for all workers together, by the key of their facts. */
export function sumOfLoads(all: Iterable<Source>): ReadonlyMap<string, ServerLoad> {
  const sums = new Map<string, ServerLoad>()
  for (const { key, inFlight, pinned } of [...all].flatMap(({ pulse }) => pulse.servers)) {
    const sum = sums.get(key)
    sums.set(key, {
      key,
      inFlight: inFlight + (sum?.inFlight ?? 0),
      pinned: pinned + (sum?.pinned ?? 0),
    })
  }
  return sums
}
