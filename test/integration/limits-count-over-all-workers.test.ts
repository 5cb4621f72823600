/** `limits` hold for all workers together. */
import t from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { HOST } from '../support/lab-proxy.ts'
import { allKnow, startOwnWorkers } from '../support/own-workers.ts'

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
