/** What counts against a server, and what does not. */
import t from 'tap'
import { type EjectionEvent, noteFailure } from '../../../src/forward/passive-check.ts'
import { isEjected } from '../../../src/pools/ejection.ts'
import type { Pool } from '../../../src/pools/pool.ts'
import type { Server } from '../../../src/pools/server.ts'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'

const serverOf = (address: string): Server =>
  ({
    address,
    isDrainedByFile: false,
    facts: new ServerRegistry().draft().factsOf(address, address),
  }) as unknown as Server

t.test('a machine that lacks something ejects no server for it', async (t) => {
  for (const [reason, isOwn] of [
    ['ECONNREFUSED', false],
    ['timed out', false],
    ['EMFILE', true],
    ['ENFILE', true],
    ['ENOBUFS', true],
    ['EADDRNOTAVAIL', true],
  ] as const) {
    const [server, other] = [serverOf('fe01'), serverOf('fe02')]
    const pool = { name: 'pool01', servers: [server, other] } as unknown as Pool
    const events: EjectionEvent[] = []
    const check = { pool, now: () => 5, onEjection: (event: EjectionEvent) => events.push(event) }
    noteFailure(check, server, { kind: 'connect', startedAtMs: 1, reason })
    t.equal(isEjected(server.facts.ejection, 6), !isOwn, reason)
    t.equal(events.length, isOwn ? 0 : 1)
  }
})
