/** `lyncgate reload`: a running proxy takes up its files; problems are printed as `check` prints them. */
import type { ReloadBody } from '../admin/routes.ts'
import { ADMIN_OPTIONS } from './admin-call.ts'
import { askAdmin } from './admin-client.ts'
import { type AdminCommand, DONE, printError, REFUSED, withTarget } from './admin-command.ts'
import { formatProblems } from './check.ts'
import { type CommandIo, printJson } from './output.ts'

export const reloadUsage = `usage: lyncgate reload ${ADMIN_OPTIONS}\n`

const command: AdminCommand = { name: 'reload', usage: reloadUsage, positionals: 0, waits: false }

/** Resolves to the exit code: 0 in force, 1 not, or refused, or no answer, 2 the call was wrong. */
export const runReload = (args: readonly string[], io: CommandIo): Promise<number> =>
  withTarget(command, args, io, async (target, { json }) => {
    const asked = await askAdmin<ReloadBody>(target, 'POST', '/api/reload')
    if (!asked.ok) {
      io.stderr(`lyncgate reload: ${asked.error}\n`)
      return REFUSED
    }
    const body = asked.value.body as ReloadBody
    if (json) printJson(io, body)
    else printReload(body, io)
    return asked.value.status === 200 ? DONE : REFUSED
  })

function printReload(body: ReloadBody, io: CommandIo): void {
  switch (body.kind) {
    case 'reloaded': {
      const changes = Object.entries(body.changes).map(([what, count]) => `${what}: ${count}`)
      const said = changes.length === 0 ? '' : ` (changed: ${changes.join(', ')})`
      io.stdout(`reloaded: configuration ${body.revision} is in force${said}\n`)
      return
    }
    case 'unchanged':
      io.stdout(`nothing has changed: configuration ${body.revision} stays in force\n`)
      return
    case 'failed':
      // Without a problem of the file it was a mistake of ours.
      if (body.problems.length === 0) printError(body, io)
      else io.stdout(formatProblems(body.file, body.problems, io))
      io.stderr(`not reloaded: configuration ${body.revision} stays in force\n`)
      return
    default:
      printError(body, io)
  }
}
