/** The loads of the benchmark go one at a time; a contestant that answers wrongly has no figures, the others have theirs. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Bench, Contestant } from '../bench/bench.ts'
import { readOptions } from '../bench/options.ts'
import { takeTurns } from '../bench/turns.ts'
import { requireProgram } from '../support/real-programs.ts'

t.test('three take turns, and one of them answers wrongly', async (t) => {
  if (!requireProgram(t, 'wrk', 'wrk')) return
  const served: string[] = []
  const turns = await Promise.all(
    ['A', 'B', 'C'].map(async (name) => {
      const server = createServer((_req, res) => {
        served.push(name)
        res.writeHead(name === 'B' ? 500 : 200).end('x')
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.teardown(() => server.close().closeAllConnections())
      const { port } = server.address() as AddressInfo
      const load = { url: `http://127.0.0.1:${port}/`, host: 'lyncweb.contoso.com' }
      const shape = { name, running: { pid: process.pid } } as Contestant
      return { shape, load, warmUp: { count: 1, ms: 5_000 } }
    }),
  )
  const bench = { files: { directory: t.testdir() }, options: readOptions(['--quick']) }
  let open = 0
  const cells = await takeTurns(bench as unknown as Bench, {
    turns,
    connections: 2,
    count: async () => served.length,
    least: 2,
    rounds: 3,
    onOpen: () => {
      open = served.length
    },
  })
  t.match(cells['B'], { missing: /^\d+ errors$/ })
  for (const name of ['A', 'C']) {
    const cell = cells[name]
    t.ok(cell && 'rounds' in cell && cell.rounds.length === 3, name)
    t.ok(cell && 'rounds' in cell && cell.rounds.every((ns) => ns > 0), name)
  }
  t.equal(inOrder(served.slice(0, open)), 'ABCABC', 'opened and warmed')
  t.match(inOrder(served.slice(open)), /^ABCBABC/, 'the order is reversed every time')
})

/** Who was served after whom; whoever has two turns running stands once. */
const inOrder = (served: readonly string[]): string =>
  served.filter((name, at) => name !== served[at - 1]).join('')
