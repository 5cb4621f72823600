/** Many idle long polls over TLS: memory for each, processor time while nothing happens, and when all are answered at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, enter, USUAL_CONNECTIONS } from '../bench.ts'
import { NODE_HOST } from '../files.ts'
import { demand } from '../measure.ts'
import { allPeers } from '../peers/all.ts'
import type { Peer } from '../peers/peer.ts'
import { cpuBetween, cpuTimes, outputOf, type Running, residentBytes } from '../processes.ts'
import type { Cell, Series } from '../results.ts'
import { targetOf } from './connections.ts'
import type { Row } from './row.ts'

const SETTLE_MS = 2_000
/** Until what was put off while polls came is done: V8 collects once more some 8 s later. It belongs to no waiting. */
const REST_MS = 20_000
/** More than the most that a peer takes for a poll. */
const BYTES_OF_A_POLL = 256 * 1024
const RENEWAL_MS = 60_000

interface Figures {
  readonly memory: number
  readonly idleBefore: number
  readonly idle: number
  readonly open: number
  readonly renew: number
  readonly base: number
}

const kinds = [
  ['memory', 'polls-memory', 'memory per idle long poll', 'KB'],
  ['idleBefore', 'polls-idle-before', 'CPU without a connection', '%'],
  ['idle', 'polls-idle', 'CPU while all polls wait', '%'],
  ['open', 'polls-open', 'CPU to open a connection with a poll', 'us'],
  ['renew', 'polls-renew', 'CPU per poll when all are answered at once and renewed', 'us'],
  ['base', 'polls-base', 'memory of the processes before the polls', 'KB'],
] as const

export const polls: Row = {
  name: 'polls',
  says: 'A fresh instance of each peer; a TLS connection with one waiting GET each (5,000 in a full run), 32 opened at a time. Before that so much memory is written and given back by another process: what the host of a virtual machine has yet to provide would cost the first peer more. Memory: resident memory (VmRSS of all its processes) with them less that before, divided by their number. Idle: per cent of one core over some seconds in which nothing is sent, the second time 20 s after the last poll has come. At the end the back end answers all of them at once and each client asks again at once. One round.',
  measure: async (bench) => {
    const cells: Record<string, Cell>[] = kinds.map(() => ({}))
    for (const { name } of bench.contestants) {
      const peer = allPeers.find((each) => each.name === name)
      if (!peer) continue
      const figures = await waitWith(bench, peer).catch((error: Error) => error.message)
      for (const [at, [kind]] of kinds.entries()) {
        const cell =
          typeof figures === 'string' ? { missing: figures } : { rounds: [figures[kind]] }
        ;(cells[at] as Record<string, Cell>)[name] = cell
      }
    }
    return kinds.map(
      ([, key, title, unit], at): Series => ({
        key,
        title: `${title} (${bench.options.polls})`,
        unit,
        reference: 'nginx',
        cells: cells[at] ?? {},
      }),
    )
  },
}

async function waitWith(bench: Bench, peer: Peer): Promise<Figures> {
  const count = bench.options.polls
  const label = `${peer.name.replaceAll(/\W+/g, '-')}-polls`
  const setup = await bench.setUp(label, count + USUAL_CONNECTIONS)
  const contestant = await enter(bench, peer, setup)
  if (typeof contestant === 'string') throw new Error(contestant)
  const { running, ports } = contestant
  try {
    return await measurePolls(bench, running, ports.node)
  } finally {
    await bench.generator.call('closePolls', null)
    await running.stop()
  }
}

async function measurePolls(bench: Bench, { pid }: Running, port: number): Promise<Figures> {
  const { polls: count, isQuick } = bench.options
  const { generator, node } = bench
  await sleep(SETTLE_MS / 2)
  const idleMs = isQuick ? 1_000 : 10_000
  const idleBefore = await idleShare(pid, idleMs)
  await touchMemory(count * BYTES_OF_A_POLL)
  const memoryBefore = residentBytes(pid)
  const before = cpuTimes(pid)
  const target = targetOf(bench, port, NODE_HOST)
  const opened = await generator.call('openPolls', { target, count })
  await untilWaiting(bench, count)
  demand(opened === count, `${opened} of ${count} polls are open`)
  const whenOpen = cpuTimes(pid)
  await sleep(isQuick ? SETTLE_MS / 2 : REST_MS)

  const idle = await idleShare(pid, idleMs)
  const memory = residentBytes(pid) - memoryBefore
  const waiting = await node.call('waitingPolls', null)
  demand(waiting === count, `${count - waiting} polls were lost while idle`)

  const burstFrom = cpuTimes(pid)
  const renewing = generator.call('renewPolls', null)
  await node.call('releasePolls', null)
  const answered = await renewing
  demand(answered === count, `${count - answered} polls were lost when all were answered`)
  await untilWaiting(bench, count)
  const burst = between(burstFrom, cpuTimes(pid))
  return {
    memory: memory / count / 1000,
    idleBefore,
    idle,
    open: between(before, whenOpen) / 1000 / count,
    renew: burst / 1000 / count,
    base: memoryBefore / 1000,
  }
}

const between = (from: ReturnType<typeof cpuTimes>, to: ReturnType<typeof cpuTimes>): number =>
  cpuBetween(from, to) ?? Number.NaN

/**
 * Takes memory, writes it and gives it back. The host of a virtual machine provides memory when it is used for the first time,
 * which costs far more than a page of it does afterwards: the first peer would pay for all (a seventh of its row).
 */
async function touchMemory(bytes: number): Promise<void> {
  const touched = await outputOf(process.execPath, ['-e', `Buffer.alloc(${bytes}, 1)`])
  demand(touched !== undefined, 'there is too little memory for so many polls')
}

/** Per cent of a core while nothing is sent. */
async function idleShare(pid: number, ms: number): Promise<number> {
  const [from, begin] = [cpuTimes(pid), performance.now()]
  await sleep(ms)
  return between(from, cpuTimes(pid)) / 1e4 / (performance.now() - begin)
}

/** The back end tells how many have reached it. */
async function untilWaiting({ node }: Bench, count: number): Promise<void> {
  const end = performance.now() + RENEWAL_MS
  for (let waiting = 0; waiting < count; waiting = await node.call('waitingPolls', null)) {
    demand(performance.now() < end, `only ${waiting} of ${count} polls reach the server`)
    await sleep(50)
  }
}
