/** `lyncgate status`: what a running proxy is like. */
import type { ReloadStatus, ServerStatus, Status } from '../admin/describe-status.ts'
import { ADMIN_OPTIONS } from './admin-call.ts'
import { type AdminCommand, ask, DONE, REFUSED, withTarget } from './admin-command.ts'
import { formatCertificates } from './certificates.ts'
import { alignTable, type CommandIo, paint, printJson } from './output.ts'

export const statusUsage = `usage: lyncgate status ${ADMIN_OPTIONS}\n`

const command: AdminCommand = { name: 'status', usage: statusUsage, positionals: 0, waits: false }

/** Resolves to the exit code: 0 printed, 1 refused or no answer, 2 the call was wrong. */
export const runStatus = (args: readonly string[], io: CommandIo): Promise<number> =>
  withTarget(command, args, io, async (target, { json }) => {
    const question = { method: 'GET', path: '/api/status' } as const
    const status = await ask<Status>(target, question, { json, io, name: command.name })
    if (!status) return REFUSED
    if (json) printJson(io, status)
    else io.stdout(formatStatus(status, io))
    return DONE
  })

/** The tables, an empty line between two. */
export function formatStatus(status: Status, io: CommandIo): string {
  const ready = status.ready ? paint(io, 'green', 'ready') : paint(io, 'yellow', 'not ready')
  const facts = [
    ['version', `${status.version}, process ${status.pid}, since ${timeOf(status.startedAt)}`],
    ['state', `${ready}, ${countOf(status.connections, 'client connection')}`],
    ['configuration', `${status.revision}, in force since ${timeOf(status.inForceSince)}`],
    ['file', status.file],
    ['last reload', formatReload(status.lastReload, io)],
  ]
  const port = (number: number | null): string => (number === null ? '-' : String(number))
  const listeners = [
    ['LISTENER', 'ADDRESS', 'HTTP', 'HTTPS', 'STREAM'],
    ...status.listeners.map(({ name, address, httpPort, httpsPort, streamPort }) => [
      name,
      address,
      port(httpPort),
      port(httpsPort),
      port(streamPort),
    ]),
  ]
  const servers = [
    ['POOL', 'SERVER', 'WEIGHT', 'IN PROGRESS', 'SIGNED IN', 'DRAINS', 'HEALTH'],
    ...status.pools.flatMap(({ name, servers }) =>
      servers.map((server) => [
        name,
        server.name,
        String(server.weight),
        String(server.inFlight),
        String(server.pinned),
        formatDraining(server, io),
        formatHealth(server, io),
      ]),
    ),
  ]
  const tables = [facts, listeners, servers].map(alignTable)
  const certificates =
    status.certificates.length === 0 ? [] : [formatCertificates(status.certificates, io)]
  const workers = status.workers.length === 0 ? [] : [formatWorkers(status.workers)]
  return [...tables, ...certificates, ...workers].join('\n')
}

function formatReload(last: ReloadStatus | null, io: CommandIo): string {
  if (!last) return 'none'
  const by = `by ${last.trigger} at ${timeOf(last.at)}`
  if (last.kind !== 'failed') return `${last.kind}, ${by}`
  return `${paint(io, 'red', 'failed')}, ${by}, ${countOf(last.problems.length, 'problem')}`
}

function formatDraining({ draining, empty }: ServerStatus, io: CommandIo): string {
  if (draining === 'no') return 'no'
  const by = draining.replace('-', ' ')
  return empty ? `${by}, ${paint(io, 'green', 'empty')}` : paint(io, 'yellow', by)
}

function formatHealth(server: ServerStatus, io: CommandIo): string {
  const { health, reason, ejectedUntil, insecureSkipVerify } = server
  const word = health === 'unhealthy' ? paint(io, 'red', health) : health
  const why = reason === null ? word : `${word} (${reason})`
  const said = ejectedUntil === null ? why : `${why}, ejected until ${timeOf(ejectedUntil)}`
  return insecureSkipVerify ? `${said}, ${paint(io, 'yellow', 'certificate not verified')}` : said
}

function formatWorkers(workers: Status['workers']): string {
  const columns = Object.keys(workers[0] ?? {})
  const rows = workers.map((worker) => columns.map((column) => String(worker[column] ?? '-')))
  return alignTable([columns.map((column) => column.toUpperCase()), ...rows])
}

/** `2026-11-22 17:04:05Z`. */
const timeOf = (iso: string): string => iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')

const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
