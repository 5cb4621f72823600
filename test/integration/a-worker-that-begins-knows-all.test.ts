/** A worker that is replaced while things happen: the new one has missed nothing, and does not begin when all ends. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type OwnWorkers, startOwnWorkers } from '../support/own-workers.ts'

/** Ends the only worker. Resolves as soon as the next one has been started, long before it serves. */
async function replace({ traffic, find }: OwnWorkers): Promise<void> {
  const { pid = 0 } = await find('worker serves', 1)
  process.kill(pid, 'SIGKILL')
  await find('worker died', 1)
  while (traffic.workers.length === 0) await sleep(5)
}

t.test('a drain while it starts', async (t) => {
  const own = await startOwnWorkers(t, 1)
  const [server] = own.runtime.built.pools.get('pool01')?.servers ?? []
  await replace(own)
  own.runtime.drain(server?.facts.place ?? '', true)
  await own.find('worker serves', 2)
  t.equal(await own.statusOf(), 503, 'the only server of the pool drains')
  own.runtime.drain(server?.facts.place ?? '', false)
  while ((await own.statusOf()) !== 200) await sleep(10)
})

t.test('the end while it starts', async (t) => {
  const own = await startOwnWorkers(t, 1)
  await replace(own)
  await own.runtime.stop({ unreadyMs: 0, drainMs: 0 })
  t.same(own.traffic.workers, [])
  await t.rejects(own.statusOf(), { code: 'ECONNREFUSED' })
})
