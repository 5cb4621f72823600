/** `npm run bench`: lyncgate beside other proxies, in one run on this machine. docs/performance.md says how and why. */
import { rmSync, writeFileSync } from 'node:fs'
import { type Bench, enter, openBench, USUAL_CONNECTIONS } from './bench.ts'
import { describeRun } from './machine.ts'
import { type BenchOptions, readOptions, usage } from './options.ts'
import { allPeers } from './peers/all.ts'
import { outputOf, pinSelf } from './processes.ts'
import { findFaultOfWrk } from './prove.ts'
import { writePage } from './report/page.ts'
import { goalTable, seriesTable } from './report/tables.ts'
import type { PeerFact, RowResult, Run } from './results.ts'
import { allRows } from './rows/all.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

process.exitCode = await main().catch((error: Error) => {
  say(`${error.message}\n${usage}`)
  return 2
})

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    say(usage)
    return 0
  }
  const unknown = [
    ...options.only.filter((name) => allRows.every((row) => row.name !== name)),
    ...(options.peers ?? []).filter((name) => allPeers.every((peer) => peer.name !== name)),
  ]
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; --list names all`)
  if (options.list) {
    say(`rows: ${allRows.map(({ name }) => name).join(', ')}`)
    say(`peers: ${allPeers.map(({ name }) => name).join(', ')}`)
    return 0
  }
  for (const program of ['wrk', 'nginx', 'taskset', 'setpriv'])
    if ((await outputOf('which', [program])) === undefined)
      throw new Error(
        `${program} is missing, which every run needs: apt-get install wrk nginx-light util-linux`,
      )
  await pinSelf()
  const bench = await openBench(options, say)
  try {
    return await run(bench, options)
  } finally {
    await bench.close()
    rmSync(bench.files.directory, { recursive: true, force: true })
  }
}

async function run(bench: Bench, options: BenchOptions): Promise<number> {
  const fault = await findFaultOfWrk(bench.files)
  if (fault !== undefined) throw new Error(fault)
  const peers = await startPeers(bench)
  const rows: RowResult[] = []
  const wanted = allRows.filter(
    ({ name }) => options.only.length === 0 || options.only.includes(name),
  )
  let troubles = bench.missing.size
  for (const [at, row] of wanted.entries()) {
    const begin = performance.now()
    say(`\n${at + 1} of ${wanted.length}: ${row.name}`)
    try {
      const series = await row.measure(bench)
      rows.push({ row: row.name, series })
      for (const each of series) say(seriesTable(each))
    } catch (error) {
      troubles += 1
      say(`  failed: ${(error as Error).message}`)
      rows.push({ row: row.name, series: [] })
    }
    say(`  ${((performance.now() - begin) / 1000).toFixed(0)} s`)
  }
  const isPartial = wanted.length < allRows.length || options.peers !== undefined
  const result: Run = { facts: await describeRun(options, isPartial), peers, rows }
  say(`\n${goalTable(result)}`)
  if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 1)}\n`)
  if (options.write) writePage(result)
  return options.strict && troubles > 0 ? 1 : 0
}

async function startPeers(bench: Bench): Promise<readonly PeerFact[]> {
  const { peers: wanted } = bench.options
  const facts: PeerFact[] = []
  for (const peer of allPeers) {
    const { name, debianPackage } = peer
    if (wanted && name !== 'lyncgate' && !wanted.includes(name)) continue
    const version = await peer.version()
    const setup = await bench.setUp(name.replaceAll(/\W+/g, '-'), USUAL_CONNECTIONS)
    const contestant =
      version === undefined
        ? `is missing: apt-get install ${debianPackage}`
        : await enter(bench, peer, setup)
    if (typeof contestant === 'string') {
      bench.missing.set(name, contestant)
      say(`${name} ${contestant}`)
    } else {
      bench.contestants.push(contestant)
      say(`${name} ${version} answers correctly`)
    }
    facts.push({
      name,
      ...(version && { version }),
      ...(typeof contestant === 'string' && { missing: contestant }),
    })
  }
  return facts
}
