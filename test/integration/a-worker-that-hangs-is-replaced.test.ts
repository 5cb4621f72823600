/** A worker whose event loop stands still is noticed, and replaced when it does not come back. */
import t from 'tap'
import { startOwnWorkers } from '../support/own-workers.ts'

t.test('one that comes back goes on', async (t) => {
  const { find, statusOf, runtime } = await startOwnWorkers(t, 1)
  const { pid = 0 } = await find('worker serves', 1)
  process.kill(pid, 'SIGSTOP')
  await find('worker does not answer', 1)
  process.kill(pid, 'SIGCONT')
  t.equal(await statusOf(), 200)
  t.equal(runtime.isReady, true)
})

t.test('one that does not is ended and replaced', async (t) => {
  const { find, statusOf, runtime } = await startOwnWorkers(t, 1)
  const { pid = 0 } = await find('worker serves', 1)
  process.kill(pid, 'SIGSTOP')
  t.match(await find('worker died', 1), { signal: 'SIGKILL' })
  t.equal(runtime.isReady, false, 'nobody serves at the moment')
  await find('worker serves', 2)
  t.equal(await statusOf(), 200)
  t.equal(runtime.isReady, true)
})

t.test(
  'metrics of the one that is no more stay, and a silent one keeps nobody waiting',
  async (t) => {
    const { find, statusOf, runtime } = await startOwnWorkers(t, 1)
    const { pid = 0 } = await find('worker serves', 1)
    t.equal(await statusOf(), 200)
    const exchanges = async (): Promise<number> => {
      const parts = await runtime.traffic.collectMetrics()
      const found = parts.flat().filter(({ name }) => name === 'lyncgate_exchanges_total')
      return found.flatMap(({ values }) => values).reduce((sum, { value }) => sum + value, 0)
    }
    t.equal(await exchanges(), 1)
    process.kill(pid, 'SIGSTOP')
    t.equal(await exchanges(), 1, 'as it was last known')
    await find('worker serves', 2)
    t.equal(await exchanges(), 1)
    t.equal(await statusOf(), 200)
    t.equal(await exchanges(), 2, 'of both')
    const [restarts] = (await runtime.traffic.collectMetrics())
      .flat()
      .filter(({ name }) => name === 'lyncgate_worker_restarts_total')
    t.equal(restarts?.values[0]?.value, 1)
  },
)
