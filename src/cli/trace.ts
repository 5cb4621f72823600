/** `lyncgate trace`: everything about the exchanges of one client, as an HTTP Archive that a browser opens. */
import { type FileHandle, open } from 'node:fs/promises'
import type { ErrorBody } from '../admin/api-error.ts'
import type { TraceEnd, TraceLine } from '../admin/running-traces.ts'
import { productVersion } from '../observe/product-version.ts'
import { ADMIN_OPTIONS, type AdminCall } from './admin-call.ts'
import { type AdminTarget, askAdmin } from './admin-client.ts'
import {
  type AdminCommand,
  DONE,
  printError,
  REFUSED,
  refuseCall,
  WRONG_CALL,
  withTarget,
} from './admin-command.ts'
import { streamAdmin } from './admin-stream.ts'
import { type HarEntry, harText } from './har-file.ts'
import { type CommandIo, printJson } from './output.ts'

export const traceUsage = `usage: lyncgate trace --client ADDRESS --har FILE [--for DURATION] [--host NAME] [--rule NAME] [--bodies] ${ADMIN_OPTIONS}\n`

export const traceDetails = `
  --client ADDRESS   the client, or a network such as 192.0.2.0/28
  --har FILE         where the archive goes; what is there is replaced. "-" is the standard output
  --for DURATION     how long, default 10m, at most 8h; Ctrl-C ends it and writes what there is
  --host NAME        only exchanges for this host
  --rule NAME        only exchanges of this publishing rule
  --bodies           texts of bodies too, the first 64 KiB of each
`

const options = {
  client: { type: 'string' },
  har: { type: 'string' },
  for: { type: 'string' },
  host: { type: 'string' },
  rule: { type: 'string' },
  bodies: { type: 'boolean' },
} as const

const command: AdminCommand = {
  name: 'trace',
  usage: traceUsage,
  positionals: 0,
  waits: false,
  options,
}

const BODIES_WARNING =
  'warning: bodies may hold passwords, tickets and conversations that are not recognised; keep the file to yourself\n'

/** Resolves to the exit code: 0 written, 1 refused or broken off, 2 the call was wrong. */
export const runTrace = (args: readonly string[], io: CommandIo): Promise<number> =>
  withTarget(command, args, io, async (target, call) => {
    const { client, har, bodies } = call.own
    if (typeof client !== 'string') return refuseCall(command, '--client is missing', io)
    if (typeof har !== 'string') return refuseCall(command, '--har is missing', io)
    let file: FileHandle | undefined
    try {
      // Before anything is asked: a trace that cannot be written is not worth waiting for.
      file = har === '-' ? undefined : await openForOwner(har)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      io.stderr(`lyncgate trace: cannot write ${har} (${code})\n`)
      return WRONG_CALL
    }
    if (bodies === true) io.stderr(BODIES_WARNING)
    try {
      const seen = await watch(target, pathOf(call), io)
      if (seen.refused) {
        if (typeof seen.refused === 'string') io.stderr(`lyncgate trace: ${seen.refused}\n`)
        else printError(seen.refused, io)
        if (seen.entries.length === 0) return REFUSED
      }
      await writeHar(seen, { file, io, client })
      const { exchanges, dropped, why } = seen
      if (call.json && file) printJson(io, { file: har, exchanges, dropped, why })
      else if (file) io.stdout(summary(seen, har))
      return seen.refused ? REFUSED : DONE
    } finally {
      await file?.close()
    }
  })

async function openForOwner(path: string): Promise<FileHandle> {
  const file = await open(path, 'w', 0o600)
  // One that was there keeps its mode otherwise; a device has none to change.
  await file.chmod(0o600).catch(() => {})
  return file
}

function pathOf({ own }: AdminCall): string {
  const query = new URLSearchParams()
  for (const name of ['client', 'for', 'host', 'rule'] as const) {
    const value = own[name]
    if (typeof value === 'string') query.set(name, value)
  }
  if (own['bodies'] === true) query.set('bodies', 'on')
  return `/api/traces?${query}`
}

interface Seen {
  readonly startedAt: Date
  readonly entries: HarEntry[]
  exchanges: number
  dropped: number
  /** Undefined: it was broken off. */
  why: TraceEnd | undefined
  refused: string | ErrorBody | undefined
}

/** A proxy that does not answer any more is not waited for after Ctrl-C. */
const END_MS = 5_000

async function watch(target: AdminTarget, path: string, io: CommandIo): Promise<Seen> {
  const seen: Seen = {
    startedAt: new Date(),
    entries: [],
    exchanges: 0,
    dropped: 0,
    why: undefined,
    refused: undefined,
  }
  const giveUp = new AbortController()
  let id: string | undefined
  let isInterrupted = false
  const onSignal = (): void => {
    if (isInterrupted || id === undefined) giveUp.abort()
    isInterrupted = true
    if (id !== undefined) void askAdmin(target, 'POST', `/api/traces/${id}/stop`)
    setTimeout(() => giveUp.abort(), END_MS).unref()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const onLine = (line: unknown): void => {
    const said = line as TraceLine
    if (said.kind === 'begin') id = said.id
    else if (said.kind === 'exchange') {
      seen.exchanges++
      seen.entries.push(...(said.entries as readonly HarEntry[]))
    } else if (said.kind === 'state') showProgress(io, seen, said.leftMs)
    else if (said.kind === 'end') Object.assign(seen, { why: said.why, dropped: said.dropped })
  }
  const ended = await streamAdmin(target, { path, onLine, signal: giveUp.signal })
  process.off('SIGINT', onSignal)
  process.off('SIGTERM', onSignal)
  if (io.stderrIsTerminal) io.stderr('\r\u001b[K')
  if (!ended.ok && !isInterrupted) seen.refused = ended.error
  else if (seen.why === undefined && !isInterrupted)
    seen.refused = 'the proxy has ended the trace: what came before is written'
  return seen
}

function showProgress(io: CommandIo, { exchanges }: Seen, leftMs: number): void {
  if (!io.stderrIsTerminal) return
  const seconds = Math.ceil(leftMs / 1_000)
  const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  io.stderr(`\r\u001b[K${countOf(exchanges)}, ${left} left, Ctrl-C ends and writes`)
}

const countOf = (count: number): string => `${count} exchange${count === 1 ? '' : 's'}`

const ENDS: Readonly<Record<TraceEnd, string>> = {
  time: 'the time is over',
  exchanges: 'as many exchanges as a trace may have',
  bytes: 'as many bytes as a trace may have',
  command: 'ended by command',
  gone: 'broken off',
}

function summary({ exchanges, dropped, why }: Seen, file: string): string {
  const lost = dropped === 0 ? '' : `, ${dropped} more came too fast and were left out`
  return `${file}: ${countOf(exchanges)}${lost} (${why === undefined ? 'broken off' : ENDS[why]})\n`
}

async function writeHar(
  { entries, startedAt, dropped }: Seen,
  to: { readonly file: FileHandle | undefined; readonly io: CommandIo; readonly client: string },
): Promise<void> {
  const more = dropped === 0 ? '' : `; ${dropped} exchanges came too fast and were left out`
  const comment = `exchanges of ${to.client}${more}`
  const text = harText({ version: productVersion(), entries, startedAt, comment })
  if (to.file) await to.file.writeFile(text)
  else to.io.stdout(text)
}
