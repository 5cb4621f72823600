/** `lyncgate preflight`: tests what is published, from where it stands. */
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { parseDuration } from '../base/duration.ts'
import { parseDomain } from '../config/host-name.ts'
import { cwaFamily } from '../preflight/cwa.ts'
import { federationFamily } from '../preflight/federation.ts'
import { countVerdicts } from '../preflight/finding.ts'
import { writeJunit } from '../preflight/junit.ts'
import { lcsFamily } from '../preflight/lcs.ts'
import { openSurroundings } from '../preflight/open-surroundings.ts'
import { splitPem } from '../preflight/roots.ts'
import { type Family, type Report, runPreflight } from '../preflight/run-preflight.ts'
import type { Standpoint, Surroundings } from '../preflight/surroundings.ts'
import { withinTime } from '../preflight/time-budget.ts'
import { type CommandIo, printJson } from './output.ts'
import { formatReport } from './preflight-report.ts'

export const preflightUsage =
  'usage: lyncgate preflight CHECK NAME [--from PLACE] [--dns SERVER] [--ca FILE] [--timeout DURATION] [--json] [--junit FILE]\n'

/** The checks and options, one a line. */
export const preflightDetails = `
  preflight federation DOMAIN    SIP federation of a domain: records, servers on 5061, certificates
  preflight lcs DOMAIN           Live Communications Server 2003/2005: records and listeners
  preflight cwa HOST[:PORT]      Communicator Web Access: HTTPS, certificate, name

  --from internet|dmz|lan        where this machine stands; default: internet
  --dns SERVER[:PORT]            IP address of the DNS server to ask; may be repeated
  --ca FILE                      PEM certificates to trust besides the public authorities
  --timeout 5s                   for each question and each connection
`

/** For all of a preflight; records that lead nowhere add up. */
const mostTimeMs = 180_000

interface Call {
  readonly family: Family
  readonly from: Standpoint
  readonly dnsServers: readonly string[]
  readonly caFile: string | undefined
  readonly timeoutMs: number
  readonly json: boolean
  readonly junit: string | undefined
}

/** Resolves to the exit code: 0 nothing fails, 1 something does, 2 the call was wrong. */
export async function runPreflightCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const call = readCall(args)
  if (typeof call === 'string') return refuse(call, io)
  const surroundings = await prepare(call)
  if (typeof surroundings === 'string') return refuse(surroundings, io)
  const report = await runPreflight(call.family, surroundings, (step) =>
    showProgress(io, `${call.family.title}: ${step} ...`),
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
async function prepare(call: Call): Promise<Surroundings | string> {
  const { caFile, dnsServers, timeoutMs, from } = call
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
    return withinTime(world, AbortSignal.timeout(mostTimeMs))
  } catch {
    return `--dns takes an IP address, with a port or without: ${dnsServers.join(', ')}`
  }
}

const standpoints: readonly string[] = ['internet', 'dmz', 'lan']

const isStandpoint = (text: string): text is Standpoint => standpoints.includes(text)

/** The call, or what is wrong with it. */
function readCall(args: readonly string[]): Call | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        from: { type: 'string', default: 'internet' },
        dns: { type: 'string', multiple: true, default: [] },
        ca: { type: 'string' },
        timeout: { type: 'string', default: '5s' },
        json: { type: 'boolean', default: false },
        junit: { type: 'string' },
      },
    })
    const [check, name, ...rest] = positionals
    if (!check || !name || rest.length > 0) return 'CHECK and NAME are needed'
    const family = familyOf(check, name)
    if (typeof family === 'string') return family
    if (!isStandpoint(values.from)) return `--from is one of ${standpoints.join(', ')}`
    const timeout = parseDuration(values.timeout)
    if (!timeout.ok) return `--timeout: ${timeout.error}`
    if (timeout.value < 100 || timeout.value > 60_000) return '--timeout is from 100ms to 60s'
    return {
      family,
      from: values.from,
      dnsServers: values.dns,
      caFile: values.ca,
      timeoutMs: timeout.value,
      json: values.json,
      junit: values.junit,
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function familyOf(check: string, name: string): Family | string {
  if (check === 'cwa') return readWebAccess(name)
  if (check !== 'federation' && check !== 'lcs') return `there is no check "${check}"`
  const domain = parseDomain(name)
  if (!domain.ok) return wrongName('DOMAIN', domain.error)
  return check === 'lcs' ? lcsFamily(domain.value) : federationFamily(domain.value)
}

function readWebAccess(text: string): Family | string {
  const [, name = text, digits = '443'] = /^([^:]+):(\d{1,5})$/.exec(text) ?? []
  const host = parseDomain(name)
  if (!host.ok) return wrongName('HOST', host.error)
  const port = Number(digits)
  if (port < 1 || port > 65_535) return 'a port is a number from 1 to 65535'
  return cwaFamily({ host: host.value, port })
}

const wrongName = (what: string, { message, hint }: { message: string; hint?: string }): string =>
  hint === undefined ? `${what} ${message}` : `${what} ${message}: ${hint}`
