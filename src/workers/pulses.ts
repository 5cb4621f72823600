/** Adds up what workers say of themselves. */
import type { ConnectionCounts } from '../guard/connection-limits.ts'
import type { ServerLoad } from './messages.ts'
import type { WorkerProcess } from './worker-process.ts'

type Source = Pick<WorkerProcess, 'pulse'>

/** Connections of all workers but one. */
export function connectionsElsewhere(own: Source, all: Iterable<Source>): ConnectionCounts {
  let open = 0
  const clients = new Map<string, number>()
  for (const worker of all) {
    if (worker === own) continue
    const { connections } = worker.pulse
    open += connections.open
    for (const [client, count] of connections.clients)
      clients.set(client, (clients.get(client) ?? 0) + count)
  }
  return { open, clients }
}

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
