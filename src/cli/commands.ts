/** The commands of `lyncgate` by name. */

import { ServerRegistry } from '../pools/server-registry.ts'
import { checkReferences } from '../runtime/build-snapshot.ts'
import { adminDetails } from './admin-call.ts'
import { blockedUsage, runBlocked, runUnblock, unblockDetails, unblockUsage } from './blocked.ts'
import { checkUsage, runCheck } from './check.ts'
import { completionDetails, completionUsage, runCompletion, shells } from './completion.ts'
import { demoUsage, runDemo } from './demo.ts'
import { drainDetails, drainUsage, runDrain, runUndrain, undrainUsage } from './drain.ts'
import { explainUsage, runExplain } from './explain.ts'
import { runInit } from './init.ts'
import { initDetails, initUsage } from './init-call.ts'
import { type CommandText, outlineCommands } from './outline.ts'
import type { CommandIo } from './output.ts'
import { runPreflightCommand } from './preflight.ts'
import { preflightDetails, preflightUsage } from './preflight-call.ts'
import { reloadUsage, runReload } from './reload.ts'
import { runProxy, runUsage } from './run.ts'
import { certificatesUsage, runEitherCertificates } from './running-certificates.ts'
import { runStatus, statusUsage } from './status.ts'
import { runTrace, traceDetails, traceUsage } from './trace.ts'
import { runWorker, WORKER_COMMAND } from './worker.ts'

interface Command extends CommandText {
  readonly run: (args: readonly string[], io: CommandIo) => Promise<number>
}

const commands: Readonly<Record<string, Command>> = {
  run: { summary: 'runs the proxy in the foreground', usage: runUsage, run: runProxy },
  demo: {
    summary: 'starts a stand-in Lync deployment and the proxy in front of it',
    usage: demoUsage,
    run: runDemo,
  },
  init: {
    summary: 'writes a rules file from a topology document or from answers to a few questions',
    usage: initUsage,
    details: initDetails,
    run: (args, io) => runInit(args, io),
  },
  explain: {
    summary: 'says what a request to a URL gets, and why',
    usage: explainUsage,
    run: runExplain,
  },
  check: {
    summary: 'says everything that is wrong with a rules file',
    usage: checkUsage,
    run: (args, io) =>
      runCheck(args, io, [
        (loaded) =>
          checkReferences(loaded, { registry: new ServerRegistry(), revision: 0, now: new Date() }),
      ]),
  },
  preflight: {
    summary:
      'tests what is published as clients and partners meet it: web services, SIP federation, old SIP servers',
    usage: preflightUsage,
    details: preflightDetails,
    run: runPreflightCommand,
  },
  status: {
    summary: 'says what a running proxy is like',
    usage: statusUsage,
    details: adminDetails,
    run: runStatus,
  },
  reload: {
    summary: 'lets a running proxy take up its files, and says what is wrong with them',
    usage: reloadUsage,
    details: adminDetails,
    run: runReload,
  },
  drain: {
    summary: 'takes a server out of a running proxy without ending a conversation',
    usage: drainUsage,
    details: drainDetails + adminDetails,
    run: runDrain,
  },
  undrain: {
    summary: 'lets a server take new clients again',
    usage: undrainUsage,
    details: adminDetails,
    run: runUndrain,
  },
  trace: {
    summary: 'writes down what one client and the servers say to each other, for a browser to open',
    usage: traceUsage,
    details: traceDetails + adminDetails,
    run: runTrace,
  },
  blocked: {
    summary: 'says whom the sign-in guard of a running proxy blocks',
    usage: blockedUsage,
    details: adminDetails,
    run: runBlocked,
  },
  unblock: {
    summary: 'lets a user or a client sign in again',
    usage: unblockUsage,
    details: unblockDetails + adminDetails,
    run: runUnblock,
  },
  certificates: {
    summary: 'says which certificates a running proxy or a rules file has, and until when',
    usage: certificatesUsage,
    details: adminDetails,
    run: (args, io) => runEitherCertificates(args, io, new Date()),
  },
  completion: {
    summary: 'prints what a shell needs to complete commands and options',
    usage: completionUsage,
    details: completionDetails,
    words: shells,
    run: (args, io) => runCompletion(args, io, outlineCommands(commands)),
  },
}

/** What each command says about itself, for the man page. */
export const commandTexts = (): Readonly<Record<string, CommandText>> => commands

/** Runs the command that the arguments name. Resolves to the exit code; 2: there is no such command. */
export async function runCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const [name = '', ...rest] = args
  if (name === '' || name === 'help' || name === '--help' || name === '-h') {
    io.stdout(helpText())
    return name === '' ? 2 : 0
  }
  if (name === WORKER_COMMAND) return runWorker(rest, io)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    io.stderr(`lyncgate: there is no command "${name}"\n${helpText()}`)
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.stdout(`${command.usage}${command.summary}\n${command.details ?? ''}`)
    return 0
  }
  return command.run(rest, io)
}

/** One line per command. */
export function helpText(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`,
  )
  return `usage: lyncgate COMMAND [OPTIONS]\n\n${lines.join('\n')}\n\nlyncgate COMMAND --help says more.\n`
}
