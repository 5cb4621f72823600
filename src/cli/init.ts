/** `lyncgate init`: a rules file from a topology document or from answers, and what else has to be ordered and opened. */
import { basename } from 'node:path'
import { escapeHidden } from '../config/quote.ts'
import { combineFacts } from '../topology/combine-facts.ts'
import type { Facts } from '../topology/facts.ts'
import { type Asker, interview } from '../topology/interview.ts'
import { type Plan, planPublication } from '../topology/plan.ts'
import { readSource, type SourceKind, sourceKinds } from '../topology/read-source.ts'
import type { TopologyTrouble } from '../topology/trouble.ts'
import { writeRules } from '../topology/write-rules.ts'
import { defaultOut, type InitCall, initUsage, readInitCall } from './init-call.ts'
import { describePlan, formatPlan } from './init-report.ts'
import { type CommandIo, printJson } from './output.ts'
import { isSameFile, isThere, writeNewFile } from './write-new-file.ts'

interface Gathered {
  readonly facts: Facts
  readonly sources: readonly { readonly file: string; readonly kind: SourceKind }[]
}

/**
 * Resolves to the exit code: 0 done, 1 cancelled or the file could not be written, 2 the call was wrong or a source
 * cannot be used.
 * @param ask who answers; left out: the person at the terminal
 */
export async function runInit(
  args: readonly string[],
  io: CommandIo,
  ask?: Asker,
): Promise<number> {
  const call = readInitCall(args)
  if (typeof call === 'string') return refuse(io, 2, `${call}\n${initUsage}`)
  const obstacle = await findObstacle(call)
  if (obstacle !== undefined) return refuse(io, 1, `${obstacle}\n`)
  const gathered = call.topology.length > 0 ? await readSources(call, io) : await askAll(io, ask)
  if (typeof gathered === 'number') return gathered
  const plan = planPublication(gathered.facts, call.pool)
  if (!plan.ok) {
    const subject =
      gathered.sources.length === 1 ? showFile(gathered.sources[0]?.file ?? '') : 'what was given'
    return refuse(io, 2, describeTrouble(subject, plan.error))
  }
  const rules = writeRules(plan.value, describeOrigin(gathered))
  return hand(call, { plan: plan.value, rules, gathered }, io)
}

interface Made {
  readonly plan: Plan
  readonly rules: string
  readonly gathered: Gathered
}

/** Writes and prints. */
async function hand(
  call: InitCall,
  { plan, rules, gathered }: Made,
  io: CommandIo,
): Promise<number> {
  if (call.out !== undefined) {
    const written = await writeNewFile(call.out, rules, call.force)
    if (!written.ok) return refuse(io, 1, `${showFile(call.out)} ${written.error}\n`)
  }
  if (call.json) {
    const { sources } = gathered
    printJson(io, { file: call.out ?? null, sources, rules, ...describePlan(plan) })
    return 0
  }
  if (call.toStdout) {
    io.stdout(rules)
    io.stderr(formatPlan(plan, { ...io, isTerminal: io.stderrIsTerminal === true }).trimStart())
    return 0
  }
  const file = showFile(call.out ?? defaultOut)
  const read = gathered.sources.map(
    ({ file: name, kind }) => `${showFile(name)}: ${sourceKinds[kind]}\n`,
  )
  io.stdout(
    `${read.join('')}${file}: written, ${countOf(plan.pools.length, 'pool')}, ${countOf(plan.rules.length, 'rule')}\n`,
  )
  io.stdout(formatPlan(plan, io))
  io.stdout(
    `\nNext: put the certificates where ${file} names them, then\n  lyncgate check ${file}\n`,
  )
  return 0
}

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** What stands in the way is said before anybody answers questions. */
async function findObstacle({ out, force, topology }: InitCall): Promise<string | undefined> {
  if (out === undefined || !(await isThere(out))) return undefined
  if (!force)
    return `${showFile(out)} is there already; --force replaces it, --out names another file`
  for (const source of topology) {
    if (await isSameFile(out, source)) return `${showFile(out)} is what would be read`
  }
  return undefined
}

async function readSources({ topology }: InitCall, io: CommandIo): Promise<Gathered | number> {
  const facts: Facts[] = []
  const sources: { file: string; kind: SourceKind }[] = []
  let isBad = false
  for (const file of topology) {
    const source = await readSource(file)
    if (source.ok) {
      facts.push(source.value.facts)
      sources.push({ file, kind: source.value.kind })
      continue
    }
    isBad = true
    io.stderr(`lyncgate init: ${describeTrouble(showFile(file), source.error)}`)
  }
  return isBad ? 2 : { facts: combineFacts(facts), sources }
}

async function askAll(io: CommandIo, ask: Asker | undefined): Promise<Gathered | number> {
  const canAsk = io.stdinIsTerminal === true && io.stderrIsTerminal === true
  if (!ask && !canAsk) {
    return refuse(io, 2, `no --topology given, and no terminal to ask at\n${initUsage}`)
  }
  // Loaded only when somebody is asked.
  const asker = ask ?? (await import('./init-prompts.ts')).terminalAsker
  const facts = await interview(asker)
  if (!facts) return refuse(io, 1, 'cancelled, nothing was written\n')
  return { facts: combineFacts([facts]), sources: [] }
}

const describeOrigin = ({ sources }: Gathered): readonly string[] =>
  sources.length === 0
    ? ['answers to its questions']
    : sources.map(({ file, kind }) => `${showFile(basename(file))} (${sourceKinds[kind]})`)

const describeTrouble = (subject: string, { message, hint }: TopologyTrouble): string =>
  `${subject} ${message}\n  hint: ${hint}\n`

/** A name of a file on one line, harmless to a terminal and to a comment. */
const showFile = (name: string): string => escapeHidden(name.replace(/\p{Cc}/gu, '?').slice(-200))

function refuse(io: CommandIo, code: number, sentence: string): number {
  io.stderr(`lyncgate init: ${sentence}`)
  return code
}
