/** Rows in which lyncgate is compared with itself. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type Contestant, enter, USUAL_CONNECTIONS } from '../bench.ts'
import { HOST } from '../files.ts'
import { runWrk } from '../load/wrk.ts'
import { demand, inTurn, takeWindow } from '../measure.ts'
import { type LyncgateVariant, lyncgateRules, startLyncgate } from '../peers/lyncgate.ts'
import type { Cell } from '../results.ts'
import { joinedByName, type Turn, takeTurns } from '../turns.ts'
import { inMicroseconds, type Row, SMALL_CONNECTIONS, WARM_REQUESTS } from './row.ts'
import { smallTurn, smallTurns } from './small.ts'

const MANY = 1000
const RELOAD_EVERY_MS = 250

const hostName = (at: number): string => `h${String(at + 1).padStart(4, '0')}.contoso.com`

/** Equal processes differ by some percent, as their memory lies: each shape is started so often. */
const STARTS = 3
const SHAPES = { 'one rule': 1, '1,000 rules': MANY }

export const manyHosts: Row = {
  name: 'many-hosts',
  says: `Small GET, plain, to a lyncgate with one rule more, and to one with ${MANY} rules more, a host each, that are asked for in turn. Plain, because there a look-up would weigh most. Each is started ${STARTS} times, for a third of the rounds: equal processes differ by some percent.`,
  measure: async (bench) => {
    const hands: Record<string, Cell>[] = []
    for (let start = 0; start < STARTS; start++) hands.push(await askManyHosts(bench))
    const cells = inMicroseconds(joinedByName(Object.keys(SHAPES), hands))
    return [
      { key: 'many-hosts', title: 'rules and hosts', unit: 'us', reference: 'one rule', cells },
    ]
  },
}

/** One process of each shape, for its part of the rounds. */
async function askManyHosts(bench: Bench): Promise<Record<string, Cell>> {
  const shapes: Contestant[] = []
  const turns: Turn[] = []
  for (const [name, hosts] of Object.entries(SHAPES)) {
    const moreRules = Array.from({ length: hosts }, (_, at) => hostName(at))
    const shape = await variant(bench, name, { moreRules })
    shapes.push(shape)
    turns.push(smallTurn(bench, { shape, isTls: false, hosts }))
  }
  const rounds = Math.ceil(bench.options.smallRounds / STARTS)
  return closing(shapes, () => takeTurns(bench, { ...smallTurns(bench, turns), rounds }))
}

export const reload: Row = {
  name: 'reload',
  says: `Small GET, TLS to TLS, while the rules file changes and SIGHUP is sent every ${RELOAD_EVERY_MS} ms, and without. The CPU time of the reloads themselves is in it. Errors must be 0.`,
  measure: async (bench) => {
    let reloads = 0
    const shape = await variant(bench, 'reload', {
      logLevel: 'info',
      onLine: (line) => {
        if (line.includes('"msg":"reloaded"')) reloads += 1
      },
    })
    const failed: Record<string, number[]> = { steady: [], reloading: [] }
    return closing([shape], async () => {
      const cells = await inTurn(
        bench,
        [{ name: 'steady' }, { name: 'reloading' }],
        async ({ name }) => {
          const before = reloads
          const work = smallRequests(bench, shape)
          if (name === 'reloading') await keepReloading(shape, work)
          const { us, errors } = await work
          failed[name]?.push(errors)
          demand(name === 'steady' || reloads > before, 'no reload has happened')
          return us
        },
      )
      const errors: Record<string, Cell> = Object.fromEntries(
        Object.entries(failed).map(([name, rounds]) => [name, { rounds }]),
      )
      bench.say(`  ${reloads} reloads under load`)
      const reference = 'steady'
      return [
        { key: 'reload', title: 'reloads under load', unit: 'us', reference, cells },
        {
          key: 'reload-errors',
          title: 'errors under reloads',
          unit: 'errors',
          reference,
          cells: errors,
        },
      ]
    })
  },
}

async function keepReloading(
  { running, setup }: Contestant,
  work: Promise<unknown>,
): Promise<void> {
  let isOver = false
  const over = work.then(
    () => {
      isOver = true
    },
    () => {
      isOver = true
    },
  )
  for (let remark = 1; !isOver; remark++) {
    const file = join(setup.files.directory, `${setup.label}.yaml`)
    writeFileSync(file, lyncgateRules(setup, { logLevel: 'info' }, remark))
    process.kill(running.pid, 'SIGHUP')
    await Promise.race([sleep(RELOAD_EVERY_MS), over])
  }
}

/** A lyncgate of another shape, proven like all others. */
export async function variant(
  bench: Bench,
  name: string,
  shape: LyncgateVariant,
): Promise<Contestant> {
  const setup = await bench.setUp(`lyncgate-${name.replaceAll(/\W+/g, '-')}`, USUAL_CONNECTIONS)
  const start = () => startLyncgate(setup, shape)
  const contestant = await enter(bench, { name, start }, setup)
  if (typeof contestant === 'string') throw new Error(contestant)
  return contestant
}

/** Ends the shapes when the work is over. */
export async function closing<Value>(
  shapes: readonly Contestant[],
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work()
  } finally {
    await Promise.all(shapes.map(({ running }) => running.stop()))
  }
}

async function smallRequests(
  bench: Bench,
  shape: Contestant,
): Promise<{ us: number; errors: number }> {
  const url = `https://127.0.0.1:${shape.ports.tls}/`
  const { directory } = bench.files
  let errors = 0
  const { cpuNs, count } = await takeWindow(bench, shape, {
    count: bench.static.requests,
    warmCount: SMALL_CONNECTIONS * WARM_REQUESTS,
    load: async (stop) => {
      const load = { directory, url, host: HOST, connections: SMALL_CONNECTIONS, stop }
      errors = (await runWrk(load)).errors
    },
  })
  return { us: cpuNs / 1000 / count, errors }
}
