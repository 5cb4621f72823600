/** What a turn of the loop has written waits for its end; a connection that is cut in the same turn must not lose it. */
import t from 'tap'
import { corkForTurn } from '../../../src/forward/cork-for-turn.ts'
import type { Arrival } from '../../../src/pipeline/arrival.ts'
import { ClientConnection } from '../../../src/pipeline/client-connection.ts'
import type { Incoming } from '../../../src/pipeline/exchange.ts'
import { socketPairs } from '../../support/socket-pairs.ts'

const incoming = { req: { readableLength: 0 }, res: {} } as Incoming

const ends: Readonly<Record<string, (connection: ClientConnection) => void>> = {
  'an answer that breaks off': (connection) => connection.cut(false),
  'an answer that breaks off where only the end tells its length': (connection) =>
    connection.cut(true),
  'a client that sends too much ahead': (connection) => {
    for (let time = 0; time < 20; time++) connection.accept(incoming)
  },
}

for (const [what, end] of Object.entries(ends)) {
  t.test(what, async (t) => {
    const { first, received } = await socketPairs(t, 1)
    const connection = new ClientConnection(first, {} as Arrival, () => {})
    corkForTurn(first)
    first.write('an answer')
    end(connection)
    t.ok(first.destroyed)
    while (received[0] !== 'an answer') await new Promise(setImmediate)
  })
}
