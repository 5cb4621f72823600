/** `lyncgate` as a process of its own, on free ports. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { mainWords } from './main-program.ts'

export interface Command {
  readonly pid: number
  readonly stdout: string
  readonly stderr: string
  /** Resolves when the standard output fits; rejects when the process ends before. */
  until(fits: (stdout: string) => boolean): Promise<string>
  signal(name: NodeJS.Signals): void
  /** The exit code; null: a signal ended it. */
  readonly exited: Promise<number | null>
}

/** Starts `node src/main.ts …`; it is killed when the test is over. */
export function startCommand(t: Test, ...args: readonly string[]): Command {
  const child = spawn('env', mainWords(...args), { stdio: ['ignore', 'pipe', 'pipe'] })
  const waiting = new Set<() => void>()
  let isOver = false
  const own = {
    pid: child.pid ?? 0,
    stdout: '',
    stderr: '',
    signal: (name: NodeJS.Signals) => void child.kill(name),
    until: (fits: (stdout: string) => boolean) =>
      new Promise<string>((resolve, reject) => {
        const look = (): void => {
          if (!fits(own.stdout) && !isOver) return
          waiting.delete(look)
          if (fits(own.stdout)) resolve(own.stdout)
          else reject(new Error(`it ended with: ${own.stdout}${own.stderr}`))
        }
        waiting.add(look)
        look()
      }),
    exited: once(child, 'close').then(([code]) => {
      isOver = true
      for (const look of [...waiting]) look()
      return code as number | null
    }),
  }
  child.stdout.on('data', (bytes: Buffer) => {
    own.stdout += bytes.toString()
    for (const look of [...waiting]) look()
  })
  child.stderr.on('data', (bytes: Buffer) => {
    own.stderr += bytes.toString()
  })
  t.teardown(() => void child.kill('SIGKILL'))
  return own
}
