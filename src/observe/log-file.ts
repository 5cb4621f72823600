/**
 * A log file that somebody else rotates. Once in a second it is looked whether its name still leads to the file that is
 * open: no signal has to reach every process, and a rotation that forgets to send one loses nothing. Every write
 * appends (O_APPEND), so processes can share the file, and one that is cut to nothing (`copytruncate`) is begun anew.
 */
import { close, fstat, open, type Stats, stat } from 'node:fs'
import { flushDestination, type LogOutput, openDestination } from './log-output.ts'

export interface LogFileSettings {
  readonly path: string
  /** Default: a second. */
  readonly lookMs?: number
  /** The file cannot be opened or written. Called once until it can be written again. */
  readonly onTrouble: (reason: string) => void
}

export interface LogFile extends LogOutput {
  /** No more lines; what is held is written. */
  end(): void
}

const LOOK_MS = 1_000

/** Readable by the group: collectors of logs are no owners. */
const MODE = 0o640

/** Lines that wait for the file to be opened; what comes after that is lost. */
const MAX_WAITING = 1024 * 1024

type Destination = ReturnType<typeof openDestination>

/** Opened with the first line. */
export function logFile(settings: LogFileSettings): LogFile {
  const { path, lookMs = LOOK_MS } = settings
  let destination: Destination | undefined
  let fd: number | undefined
  let waiting = ''
  let isOpening = false
  let hasEnded = false
  let lastSize = 0
  let timer: NodeJS.Timeout | undefined
  const own = { generation: 0 }
  let isTroubled = false
  const trouble = (error: NodeJS.ErrnoException): void => {
    if (!isTroubled) settings.onTrouble(error.code ?? error.message)
    isTroubled = true
  }

  const begin = (): void => {
    if (isOpening || hasEnded) return
    isOpening = true
    open(path, 'a', MODE, (error, opened) => {
      isOpening = false
      if (error) return trouble(error)
      if (hasEnded && waiting === '') return close(opened)
      if (destination) own.generation++
      // Writes what it still holds to the old file, and closes that.
      destination?.end()
      fd = opened
      lastSize = 0
      destination = openDestination(opened, false)
      destination.on('error', trouble)
      destination.on('drain', () => {
        isTroubled = false
      })
      if (waiting !== '') destination.write(waiting)
      waiting = ''
      if (hasEnded) destination.end()
    })
  }

  /** Is the open file still the one of this name, and does it only grow? */
  const look = (): void => {
    const looked = fd
    if (looked === undefined) return begin()
    fstat(looked, (lost, mine) => {
      stat(path, (gone, named) => {
        if (hasEnded || fd !== looked) return
        if (lost || gone || !isSame(mine, named)) return begin()
        if (mine.size < lastSize) own.generation++
        lastSize = mine.size
      })
    })
  }

  return {
    get generation() {
      return own.generation
    },
    write: (text) => {
      if (hasEnded) return
      timer ??= setInterval(look, lookMs).unref()
      if (destination) return void destination.write(text)
      // After trouble the next look tries again, not every line.
      if (!isTroubled) begin()
      if (waiting.length + text.length <= MAX_WAITING) waiting += text
    },
    flush: async () => {
      if (destination && !(await flushDestination(destination))) hasEnded = true
    },
    end: () => {
      hasEnded = true
      clearInterval(timer)
      destination?.end()
    },
  }
}

const isSame = (one: Stats, other: Stats): boolean => one.ino === other.ino && one.dev === other.dev
