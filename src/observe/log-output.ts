/**
 * Where lines of the log go. A log that cannot be written must never stop traffic: write errors (a full disk, a closed
 * pipe) are swallowed, and what is held meanwhile is bounded.
 */
import pino from 'pino'

/** Takes whole lines, with their line ends. */
export interface LogOutput {
  write(text: string): void
  /** Counts the beginnings of a file that is empty: after rotation lines go to another one. */
  readonly generation: number
  /** Writes what is held, or gives it up after a second. */
  flush(): Promise<void>
}

type Destination = ReturnType<typeof pino.destination>

/** What is held while the log cannot be written; what comes after that is lost. */
const MAX_HELD = 4 * 1024 * 1024

const FLUSH_MS = 1_000
const PIPE_BUF = 4_096

/** @param isShared other processes write there too */
export function openDestination(fd: number, isShared: boolean): Destination {
  const destination = pino.destination({
    fd,
    sync: false,
    // Without it `flush` would call back before anything is written.
    minLength: 1,
    // More than PIPE_BUF bytes at once could end up between the lines of others (pipe(7)).
    maxWrite: isShared ? PIPE_BUF : undefined,
    maxLength: MAX_HELD,
  })
  destination.on('error', () => {})
  return destination
}

/** False: given up, and destroyed. That is after a second: a pipe that nobody reads any more would otherwise keep the process for ever. */
export function flushDestination(destination: Destination): Promise<boolean> {
  return new Promise((resolve) => {
    // What cannot be written is given up: on exit pino would try again for ever (`flushSync`).
    const giveUp = (): void => {
      destination.destroy()
      resolve(false)
    }
    const timer = setTimeout(giveUp, FLUSH_MS)
    destination.flush((error) => {
      clearTimeout(timer)
      if (error) giveUp()
      else resolve(true)
    })
  })
}

/** Standard output or error. Opened with the first line. */
export function standardOutput(fd: 1 | 2, isShared: boolean): LogOutput {
  let destination: Destination | undefined
  let isGivenUp = false
  return {
    generation: 0,
    write: (text) => {
      if (isGivenUp) return
      destination ??= openDestination(fd, isShared)
      destination.write(text)
    },
    flush: async () => {
      if (destination) isGivenUp = !(await flushDestination(destination))
    },
  }
}
