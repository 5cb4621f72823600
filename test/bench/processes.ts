/** Starting pinned processes, and reading from Linux what they cost. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

export const PROXY_CORE = 0
export const LOAD_CORE = 1

/** Servers live in folders that a plain user's path leaves out. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const STOP_MS = 3_000

export interface Launch {
  readonly core: number
  readonly command: string
  readonly args: readonly string[]
  readonly directory: string
  /** Opens a channel for messages to and from a Node script. */
  readonly hasChannel?: boolean
  /** Takes each line of standard output. */
  readonly onLine?: (line: string) => void
}

/** A process that was started, pinned to its core; it gets SIGTERM when the benchmark dies. */
export interface Running {
  readonly pid: number
  readonly child: ChildProcess
  /** What it has said on standard error, its last 4,000 characters. */
  complaint(): string
  stop(): Promise<void>
}

export function launch({ core, command, args, directory, ...more }: Launch): Running {
  const pinned = ['--pdeathsig', 'TERM', '--', 'taskset', '-c', String(core), command, ...args]
  const child = spawn('setpriv', pinned, {
    env: { PATH, LANG: 'C', TZ: 'UTC', HOME: directory },
    stdio: ['ignore', more.onLine ? 'pipe' : 'ignore', 'pipe', more.hasChannel ? 'ipc' : 'ignore'],
  })
  let said = ''
  child.on('error', (error) => {
    said += error.message
  })
  child.stderr?.on('data', (bytes: Buffer) => {
    said = `${said}${bytes}`.slice(-4000)
  })
  const { onLine } = more
  if (onLine && child.stdout) {
    let rest = ''
    child.stdout.on('data', (bytes: Buffer) => {
      const lines = `${rest}${bytes}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    })
  }
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid ?? 0,
    child,
    complaint: () => said,
    stop: async () => {
      if (isGone() || child.pid === undefined) return
      const tree = processTree(child.pid)
      child.kill('SIGTERM')
      await Promise.race([once(child, 'exit'), sleep(STOP_MS)])
      // A primary that is killed may leave workers.
      for (const pid of [child.pid, ...tree.slice(1)]) killIfThere(pid)
    },
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone, as it should be.
  }
}

/** The output of a short command, both streams; undefined when it cannot be run. */
export async function outputOf(
  command: string,
  args: readonly string[],
): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], { env: { PATH } })
    return `${stdout}${stderr}`
  } catch {
    return undefined
  }
}

/** Runs on the core of the load, like everything that is not a proxy. */
export async function pinSelf(): Promise<void> {
  await outputOf('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(process.pid)])
}

/** A process and everything below it. */
export function processTree(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`).trim().split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(processTree)]
}

/**
 * Nanoseconds on the processor by thread, over a whole process tree. From schedstat, because the clock ticks of `stat`
 * are 10 ms wide; a thread that ends takes its time along, hence by thread.
 */
export type CpuTimes = ReadonlyMap<string, number>

export function cpuTimes(pid: number): CpuTimes {
  const times = new Map<string, number>()
  for (const each of processTree(pid))
    for (const thread of threadsOf(each)) {
      const [spent] = readProc(`${each}/task/${thread}/schedstat`).split(' ')
      if (spent) times.set(`${each}/${thread}`, Number(spent))
    }
  return times
}

/** Nanoseconds between two readings; undefined when a thread has ended in between, so that its share is unknown. */
export function cpuBetween(before: CpuTimes, after: CpuTimes): number | undefined {
  for (const thread of before.keys()) if (!after.has(thread)) return undefined
  let sum = 0
  for (const [thread, spent] of after) sum += spent - (before.get(thread) ?? 0)
  return sum
}

/** Bytes of memory that a process tree keeps resident; pages that its processes share count for each. */
export function residentBytes(pid: number): number {
  let sum = 0
  for (const each of processTree(pid))
    sum += Number(/^VmRSS:\s+(\d+)/m.exec(readProc(`${each}/status`))?.[1] ?? 0)
  return sum * 1024
}

/** Bytes that a process tree has written, to files and sockets alike. */
export function bytesWritten(pid: number): number {
  let sum = 0
  for (const each of processTree(pid))
    sum += Number(/^wchar: (\d+)/m.exec(readProc(`${each}/io`))?.[1] ?? 0)
  return sum
}

/** Sockets that a process has open. */
export function openSockets(pid: number): number {
  const directory = `/proc/${pid}/fd`
  return readdirSync(directory).filter((fd) => {
    try {
      return readlinkSync(join(directory, fd)).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

const threadsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch {
    return ''
  }
}
