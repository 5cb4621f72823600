/** `limits` hold for all workers together. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { SHARE_MS } from '../../src/workers/shared-facts.ts'
import { HOST } from '../support/lab-proxy.ts'
import { type OwnWorkers, startOwnWorkers } from '../support/own-workers.ts'

/** Every worker has said what it has, and heard what the others have: messages of a process keep their order. */
async function allKnow({ traffic }: OwnWorkers, open: number): Promise<void> {
  while (traffic.openConnections !== open) await sleep(10)
  await sleep(2 * SHARE_MS)
  await traffic.collectMetrics()
}

t.test('connections of one client, and of all', async (t) => {
  for (const [limits, most, refused] of [
    ['{ connectionsPerClient: 5 }', 5, 429],
    ['{ connections: 7 }', 7, 503],
  ] as const) {
    const own = await startOwnWorkers(t, 2, `limits: ${limits}`)
    const held = []
    for (let open = 1; open <= most; open++) {
      const client = await connectRaw({ port: own.port })
      t.teardown(() => client.close())
      t.equal((await client.request('GET /', [HOST])).status, 200, `${open} of ${most}`)
      // In use, or it would be the first to make room.
      client.send(`POST /upload HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\n`)
      held.push(client)
      await allKnow(own, open)
    }
    for (let n = 0; n < 12; n++) t.equal(await own.statusOf(), refused, 'whichever worker it is')
    await allKnow(own, most)

    held.pop()?.close()
    await allKnow(own, most - 1)
    t.equal(await own.statusOf(), 200, 'there is room again')
  }
})

t.test('connections of a listener that is flooded, and not of another', async (t) => {
  const own = await startOwnWorkers(t, 2, '', 'connections: 4')
  const hold = async (port: number) => {
    const client = await connectRaw({ port })
    t.teardown(() => client.close())
    t.equal((await client.request('GET /', [HOST])).status, 200)
    client.send(`POST /upload HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\n`)
    return client
  }
  const held = []
  for (let open = 1; open <= 4; open++) {
    held.push(await hold(own.port))
    await allKnow(own, open)
  }
  for (let n = 0; n < 12; n++) t.equal(await own.statusOf(), 503, 'whichever worker it is')
  await allKnow(own, 4)
  for (let open = 5; open <= 9; open++) {
    await hold(own.insidePort)
    await allKnow(own, open)
  }
  t.equal(await own.statusOf(), 503, 'still full')
  await allKnow(own, 9)

  held.pop()?.close()
  await allKnow(own, 8)
  t.equal(await own.statusOf(), 200, 'there is room again')
})
