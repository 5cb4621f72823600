/** `lyncgate certificates FILE`: which certificates a rules file has, and what each is for. */
import {
  type CertificateOverview,
  type CertificateRow,
  describeCertificates,
} from '../certificates/describe-certificates.ts'
import { ServerRegistry } from '../pools/server-registry.ts'
import { loadConfiguration } from '../runtime/load-configuration.ts'
import { formatProblems } from './check.ts'
import { readFileCall } from './file-call.ts'
import { alignTable, type CommandIo, paint, printJson } from './output.ts'

export const certificatesUsage = 'usage: lyncgate certificates FILE [--json]\n'

/** Resolves to the exit code: 0 it is printed, 1 the file cannot be used, 2 the call was wrong. */
export async function runCertificates(
  args: readonly string[],
  io: CommandIo,
  now: Date,
): Promise<number> {
  const call = readFileCall(args)
  if (typeof call === 'string') {
    io.stderr(`lyncgate certificates: ${call}\n${certificatesUsage}`)
    return 2
  }
  const { file, json } = call
  const loaded = await loadConfiguration(file, { registry: new ServerRegistry(), revision: 0, now })
  if (!loaded.ok) {
    io.stderr(formatProblems(file, loaded.error.problems, io))
    return 1
  }
  const overview = describeCertificates(loaded.value.built, now)
  if (json) printJson(io, { file, ...overview })
  else io.stdout(formatOverview(overview, io))
  return 0
}

/** A table of the certificates, then the names that none covers. */
export function formatOverview(overview: CertificateOverview, io: CommandIo): string {
  const { certificates } = overview
  const table = certificates.length > 0 ? formatCertificates(certificates, io) : 'no certificates\n'
  return `${table}\n${formatNames(overview, io)}`
}

/** The table of certificates alone. */
export function formatCertificates(certificates: readonly CertificateRow[], io: CommandIo): string {
  const head = ['EXPIRES', 'DAYS', 'KEY', 'SHOWN TO', 'ISSUER', 'RULES', 'NAMES']
  const rows = certificates.map((row) => [
    row.notAfter.slice(0, 10),
    paintDays(row, io),
    row.keyType,
    row.shownTo,
    row.issuer,
    row.rules.join(', ') || 'none',
    row.names.join(', '),
  ])
  return alignTable([head, ...rows])
}

function formatNames({ needed, pending, missing }: CertificateOverview, io: CommandIo): string {
  if (needed.length === 0) return 'no name is published with HTTPS\n'
  const list = (names: readonly string[]): string => names.map((name) => `  ${name}\n`).join('')
  const parts = [
    pending.length > 0 &&
      `${paint(io, 'yellow', 'pending')}: ACME is to obtain certificates for these\n${list(pending)}`,
    missing.length > 0 &&
      `${paint(io, 'red', 'not covered')}: clients that ask for these get no certificate\n${list(missing)}`,
  ].filter((part) => part !== false)
  if (parts.length > 0) return parts.join('')
  return `${paint(io, 'green', 'covered')}: all ${needed.length} names that are published with HTTPS\n`
}

/** The thresholds of the warnings in the log. */
const paintDays = ({ daysLeft }: CertificateRow, io: CommandIo): string =>
  daysLeft > 30 ? String(daysLeft) : paint(io, daysLeft > 14 ? 'yellow' : 'red', String(daysLeft))
