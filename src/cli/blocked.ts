/** `lyncgate blocked` and `lyncgate unblock`: whom the sign-in guard of a running proxy refuses, and an end of it. */
import { isIP } from 'node:net'
import type { Blocked, BlockedRow } from '../admin/describe-blocked.ts'
import type { UnblockBody } from '../admin/routes.ts'
import { ADMIN_OPTIONS } from './admin-call.ts'
import { type AdminCommand, ask, DONE, REFUSED, refuseCall, withTarget } from './admin-command.ts'
import { alignTable, type CommandIo, paint, printJson } from './output.ts'

export const blockedUsage = `usage: lyncgate blocked ${ADMIN_OPTIONS}\n`
export const unblockUsage = `usage: lyncgate unblock NAME or ADDRESS ${ADMIN_OPTIONS}\n`

/** For `--help`, before what all of these commands know. */
export const unblockDetails = `
  NAME     an account in any of its spellings, such as alice, CONTOSO\\alice or alice@contoso.com
  ADDRESS  a client: an IP address; of an IPv6 address the /64 counts
`

const blocked: AdminCommand = {
  name: 'blocked',
  usage: blockedUsage,
  positionals: 0,
  waits: false,
}
const unblock: AdminCommand = {
  name: 'unblock',
  usage: unblockUsage,
  positionals: 1,
  waits: false,
}

/** Resolves to the exit code: 0 it is printed, 1 no answer, 2 the call was wrong. */
export const runBlocked = (args: readonly string[], io: CommandIo): Promise<number> =>
  withTarget(blocked, args, io, async (target, { json }) => {
    const question = { method: 'GET', path: '/api/blocked' } as const
    const body = await ask<Blocked>(target, question, { json, io, name: 'blocked' })
    if (!body) return REFUSED
    if (json) printJson(io, body)
    else io.stdout(formatBlocked(body, io))
    return DONE
  })

function formatBlocked({ mode, users, clients }: Blocked, io: CommandIo): string {
  const rows = (kind: string, list: readonly BlockedRow[]): string[][] =>
    list.map(({ name, failures, until, familiar }) => [
      kind,
      String(failures),
      until.replace(/\.\d+Z$/, 'Z'),
      kind === 'user' && !familiar ? 'unknown clients' : 'everywhere',
      name,
    ])
  const all = [...rows('user', users), ...rows('client', clients)]
  const head = ['KIND', 'FAILURES', 'UNTIL', 'WHERE', 'NAME']
  const table = all.length > 0 ? alignTable([head, ...all]) : 'nobody is blocked\n'
  if (mode === 'enforce') return table
  const note = mode === 'off' ? 'the sign-in guard is off' : 'the guard observes: nobody is refused'
  return `${paint(io, 'yellow', note)}\n${table}`
}

/** Resolves to the exit code: 0 nothing blocks it now, 1 no answer, 2 the call was wrong. */
export const runUnblock = (args: readonly string[], io: CommandIo): Promise<number> =>
  withTarget(unblock, args, io, async (target, { positionals: [whom = ''], json }) => {
    const name = whom.trim()
    if (name === '') return refuseCall(unblock, 'no NAME or ADDRESS given', io)
    const kind = isIP(name.replace(/\/64$/, '')) === 0 ? 'users' : 'clients'
    const path = `/api/blocked/${kind}/${encodeURIComponent(name)}/unblock`
    const question = { method: 'POST', path } as const
    const body = await ask<UnblockBody>(target, question, { json, io, name: 'unblock' })
    if (!body) return REFUSED
    if (json) printJson(io, body)
    else if (body.wasBlocked) io.stdout(`${body.name} is no longer blocked\n`)
    else io.stdout(`${body.name} was not blocked; nothing is counted against it now\n`)
    return DONE
  })
