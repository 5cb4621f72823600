/** Open files of this process: how many there are, and how many there may be. */
import { readdirSync, readFileSync, statSync } from 'node:fs'

const FDS = '/proc/self/fd'

/** Undefined: the system does not tell. Since Linux 6.2 the size of the directory is their number, which costs nothing. */
export function countOpenFiles(): number | undefined {
  try {
    const { size } = statSync(FDS)
    return size > 0 ? size : readdirSync(FDS).length
  } catch {
    return undefined
  }
}

/** The limit that is in force (Node raises it at its start as far as it may). Undefined: none, or the system does not tell. */
export function openFileLimit(): number | undefined {
  try {
    const found = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))
    return found ? Number(found[1]) : undefined
  } catch {
    return undefined
  }
}
