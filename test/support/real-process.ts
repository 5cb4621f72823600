/** Child processes and ports for the tests with real servers. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { programPath } from './real-programs.ts'

/** Variables for a child, on top of a fixed path and locale; nothing is inherited from the tester. */
export type Environment = Readonly<Record<string, string>>

/** What a program that ended by itself left behind. */
export interface ProgramResult {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** A program that runs beside the test. */
export interface RunningProgram {
  readonly pid: number
  stdout(): string
  stderr(): string
  hasEnded(): boolean
  /** Settles when the program is gone and its output is complete. */
  readonly ended: Promise<ProgramResult>
  /** Sends the signal, SIGKILL five seconds later, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A command line with its surroundings. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Environment
  readonly input?: string
}

/** Starts a program. It gets SIGTERM when the test process dies, whatever it dies of. */
export function startProgram(command: Command): RunningProgram {
  // Without what the test runner preloads (NODE_OPTIONS): workers may not do what that wants to do in them.
  const before = ['--pdeathsig', 'TERM', '--', 'env', '-u', 'NODE_OPTIONS']
  const child = spawn('setpriv', [...before, command.program, ...command.args], {
    env: { PATH: programPath, LANG: 'C', TZ: 'UTC', ...command.env },
  })
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  child.stdin.on('error', () => {}) // a program that does not read its input is no failure
  child.stdin.end(command.input)
  const ended = once(child, 'close').then(() => ({
    code: child.exitCode ?? undefined,
    stdout: stdout(),
    stderr: stderr(),
  }))
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot start ${command.program}`)
  return {
    pid,
    stdout,
    stderr,
    hasEnded: () => isGone(child),
    ended,
    stop: async (signal = 'SIGTERM') => {
      if (isGone(child)) return
      child.kill(signal)
      const lastResort = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(lastResort)
    },
  }
}

/** Runs a program to its end; one that takes longer than 30 seconds is killed. */
export async function runProgram(command: Command): Promise<ProgramResult> {
  const running = startProgram(command)
  const limit = setTimeout(() => void running.stop('SIGKILL'), 30_000)
  const result = await running.ended
  clearTimeout(limit)
  return result
}

/** Asks again and again until the answer is true; throws with the name after fifteen seconds. */
export async function waitUntil(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + 60_000
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await sleep(25)
  }
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}
