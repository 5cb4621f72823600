/** `lyncgate preflight`: tests what is published, from where it stands. */
import { readFile, writeFile } from 'node:fs/promises'
import { loadRules } from '../config/load.ts'
import { countVerdicts } from '../preflight/finding.ts'
import { writeJunit } from '../preflight/junit.ts'
import { openSurroundings } from '../preflight/open-surroundings.ts'
import { splitPem } from '../preflight/roots.ts'
import { type Family, type Report, runPreflight } from '../preflight/run-preflight.ts'
import type { Surroundings } from '../preflight/surroundings.ts'
import { withinTime } from '../preflight/time-budget.ts'
import { publishedNames } from '../preflight/web/published-name.ts'
import { webServicesFamily } from '../preflight/web/web-services.ts'
import { formatProblems } from './check.ts'
import { type CommandIo, printJson } from './output.ts'
import {
  type Account,
  type PreflightCall,
  preflightDetails,
  preflightUsage,
  type RulesTarget,
  readCall,
} from './preflight-call.ts'
import { formatReport } from './preflight-report.ts'
import { DEFAULT_CONFIG } from './run.ts'

/** For all of a preflight, besides the silence of --long; records that lead nowhere add up. */
const mostTimeMs = 600_000

/** Resolves to the exit code: 0 nothing fails, 1 something does, 2 the call was wrong. */
export async function runPreflightCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const call = readCall(args, DEFAULT_CONFIG)
  if (typeof call === 'string') return refuse(call, io)
  const surroundings = await prepare(call)
  if (typeof surroundings === 'string') return refuse(surroundings, io)
  const family =
    call.target.kind === 'family' ? call.target.family : await openRules(call.target, io)
  if (typeof family === 'string') return refuse(family, io)
  if (!family) return 2
  const report = await runPreflight(family, surroundings, (step) =>
    showProgress(io, `${family.title}: ${step} ...`),
  )
  showProgress(io, '')
  if (call.json) printJson(io, jsonOf(report))
  else io.stdout(formatReport(report, io))
  const written = call.junit === undefined ? undefined : await writeReport(call.junit, report)
  if (written !== undefined) {
    io.stderr(`lyncgate preflight: ${written}\n`)
    return 2
  }
  return report.isGood ? 0 : 1
}

function refuse(trouble: string, io: CommandIo): number {
  io.stderr(`lyncgate preflight: ${trouble}\n${preflightUsage}${preflightDetails}`)
  return 2
}

/** One line that overwrites itself; empty: it is taken away. */
function showProgress(io: CommandIo, text: string): void {
  if (io.stderrIsTerminal) io.stderr(`\r\u001b[K${text}`)
}

const jsonOf = ({ title, isGood, findings }: Report) => ({
  title,
  ok: isGood,
  counts: countVerdicts(findings),
  findings,
})

async function writeReport(file: string, report: Report): Promise<string | undefined> {
  try {
    await writeFile(file, writeJunit(report.title, report.findings))
    return undefined
  } catch (error) {
    return `cannot write ${file} (${(error as NodeJS.ErrnoException).code})`
  }
}

/** What the checks may ask, or what is wrong with the call. */
async function prepare(call: PreflightCall): Promise<Surroundings | string> {
  const { caFile, dnsServers, timeoutMs, from, target } = call
  const longMs = (target.kind === 'rules' ? target.longMs : undefined) ?? 0
  let roots: readonly string[] = []
  if (caFile !== undefined) {
    try {
      roots = splitPem(await readFile(caFile, 'utf8'))
    } catch (error) {
      return `cannot read ${caFile} (${(error as NodeJS.ErrnoException).code})`
    }
    if (roots.length === 0) return `${caFile} holds no PEM certificate`
  }
  try {
    const world = openSurroundings({ dnsServers, timeoutMs, roots, from, now: new Date() })
    return withinTime(world, AbortSignal.timeout(mostTimeMs + longMs))
  } catch {
    return `--dns takes an IP address, with a port or without: ${dnsServers.join(', ')}`
  }
}

/** Everything that a file publishes; a string: it is not what the call means; undefined: it cannot be used, as was said. */
async function openRules(target: RulesTarget, io: CommandIo): Promise<Family | string | undefined> {
  const { file, listener, address, longMs } = target
  // The certificates that it names are not needed: who stands outside does not have them.
  const loaded = await loadRules(file)
  if (!loaded.ok) {
    io.stderr(formatProblems(file, loaded.error, io))
    return undefined
  }
  const { rules } = loaded.value
  if (listener !== undefined && !rules.listeners.some(({ name }) => name === listener))
    return `--listener is one of ${rules.listeners.map(({ name }) => name).join(', ')}`
  const credentials = target.account && (await readCredentials(target.account))
  if (typeof credentials === 'string') return credentials
  const names = publishedNames(rules, target)
  return webServicesFamily({ title: file, names, address, credentials, longMs })
}

/** Whom to sign in, with the password from its file; a string: why there is none. */
async function readCredentials({ user, domain, passwordFile }: Account) {
  try {
    const [password = ''] = (await readFile(passwordFile, 'utf8')).split(/\r?\n/, 1)
    if (password === '') return `${passwordFile} has nothing on its first line`
    return { user, domain, password, workstation: 'LYNCGATE' }
  } catch (error) {
    return `cannot read ${passwordFile} (${(error as NodeJS.ErrnoException).code})`
  }
}
