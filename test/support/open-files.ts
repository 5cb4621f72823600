/** What the process holds open, where the system shows it (Linux); else nothing. */
import { readdirSync, readFileSync } from 'node:fs'

/** Open files, sockets included, and directories that are watched. */
export function countOpen(): { readonly files: number; readonly watches: number } {
  try {
    const files = readdirSync('/proc/self/fdinfo')
    const watches = files.flatMap((file) => watchesOf(`/proc/self/fdinfo/${file}`))
    return { files: files.length, watches: watches.length }
  } catch {
    return { files: 0, watches: 0 }
  }
}

/** A file may be closed between the two looks. */
function watchesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('inotify '))
  } catch {
    return []
  }
}
