/** `lyncgate certificates`: which certificates a running proxy shows at this moment. */
import type { CertificateOverview } from '../certificates/describe-certificates.ts'
import { ADMIN_OPTIONS, readAdminCall } from './admin-call.ts'
import { type AdminCommand, ask, DONE, REFUSED, withTarget } from './admin-command.ts'
import { formatOverview, runCertificates } from './certificates.ts'
import { type CommandIo, printJson } from './output.ts'

export const certificatesUsage = `usage: lyncgate certificates [FILE] ${ADMIN_OPTIONS}\n`

const command: AdminCommand = {
  name: 'certificates',
  usage: certificatesUsage,
  positionals: 0,
  waits: false,
}

/** Those of a file where one is named, else those of a running proxy. Resolves to the exit code. */
export function runEitherCertificates(
  args: readonly string[],
  io: CommandIo,
  now: Date,
): Promise<number> {
  const call = readAdminCall(args, { positionals: 1, waits: false })
  const isOfFile = typeof call !== 'string' && call.positionals.length === 1
  return isOfFile ? runCertificates(args, io, now) : runRunningCertificates(args, io)
}

/** Resolves to the exit code: 0 printed, 1 refused or no answer, 2 the call was wrong. */
export const runRunningCertificates = (args: readonly string[], io: CommandIo): Promise<number> =>
  withTarget(command, args, io, async (target, { json }) => {
    const question = { method: 'GET', path: '/api/certificates' } as const
    const body = await ask<CertificateOverview>(target, question, { json, io, name: command.name })
    if (!body) return REFUSED
    if (json) printJson(io, body)
    else io.stdout(formatOverview(body, io))
    return DONE
  })
