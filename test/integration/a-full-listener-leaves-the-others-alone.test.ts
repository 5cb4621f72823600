/** `listeners[].connections` holds over all workers, and for that listener only. */
import t from 'tap'
import { connectRaw } from '../../src/lab/raw-client.ts'
import { HOST } from '../support/lab-proxy.ts'
import { allKnow, startOwnWorkers } from '../support/own-workers.ts'

t.test('one listener is full, the other serves', async (t) => {
  const own = await startOwnWorkers(t, 2, '', 'connections: 4')
  const hold = async (port: number) => {
    const client = await connectRaw({ port })
    t.teardown(() => client.close())
    t.equal((await client.request('GET /', [HOST])).status, 200)
    // In use, or it would be the first to make room.
    client.send(`POST /upload HTTP/1.1\r\n${HOST}\r\nContent-Length: 10\r\n\r\n`)
    return client
  }
  const held = []
  for (let n = 0; n < 4; n++) held.push(await hold(own.port))
  await allKnow(own, 4)
  for (let n = 0; n < 12; n++) {
    const client = await connectRaw({ port: own.port })
    t.teardown(() => client.close())
    const told = await client.request('GET /', [HOST])
    t.equal(told.status, 503, 'whichever worker it is')
    t.equal(told.header('retry-after'), '10')
  }
  for (let n = 0; n < 5; n++) await hold(own.insidePort)
  await allKnow(own, 9)
  t.equal(await own.statusOf(), 503, 'still full')

  held.pop()?.close()
  await allKnow(own, 8)
  t.equal(await own.statusOf(), 200, 'there is room again')
})
