/** Where and when a run was made. */
import { cpus, release, totalmem } from 'node:os'
import type { BenchOptions } from './options.ts'
import { outputOf } from './processes.ts'
import type { RunFacts } from './results.ts'

export async function describeRun(options: BenchOptions, isPartial: boolean): Promise<RunFacts> {
  const commit = (await outputOf('git', ['rev-parse', '--short=10', 'HEAD']))?.trim() ?? 'unknown'
  const isChanged = (await outputOf('git', ['status', '--porcelain', 'src']))?.trim() !== ''
  const all = cpus()
  const { rounds, windowMs, polls } = options
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: isChanged ? `${commit} with changes` : commit,
    mode: isPartial ? 'partial' : options.isQuick ? 'quick' : 'full',
    rounds,
    windowMs,
    polls,
    processor: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    openssl: process.versions.openssl,
  }
}
