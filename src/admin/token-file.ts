/**
 * The token that is made at the start when the file names none: a file that only the user lyncgate runs as can read.
 * Who can read it may act; nobody needs to be told a secret for that.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** From the best place to the last resort. The second is what XDG_RUNTIME_DIR is as a rule. */
export const tokenDirectories = (): readonly string[] => [
  '/run/lyncgate',
  `/run/user/${process.getuid?.() ?? 0}`,
  tmpdir(),
]

/** One machine may run several, each on a port of its own. */
export const tokenPath = (directory: string, port: number): string =>
  join(directory, `lyncgate-admin-${port}.token`)

export interface TokenFile {
  readonly path: string
  readonly token: string
  /** Takes the file away, unless it is somebody else's by now. */
  remove(): void
}

/** Makes it in the first directory that lets us. Undefined: none does. */
export function writeTokenFile(
  directories: readonly string[],
  port: number,
): TokenFile | undefined {
  const token = `lga_${randomBytes(32).toString('base64url')}`
  for (const directory of directories) {
    const path = tokenPath(directory, port)
    const inode = tryWrite(path, token)
    if (inode === undefined) continue
    const remove = (): void => removeOwn(path, inode)
    return { path, token, remove }
  }
  return undefined
}

/** The inode of the new file. In a directory that others may write to, what stands there already is never followed. */
function tryWrite(path: string, token: string): bigint | undefined {
  try {
    const old = lstatSync(path, { throwIfNoEntry: false })
    if (old?.isFile() && old.uid === process.getuid?.()) unlinkSync(path)
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
    const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      writeSync(file, `${token}\n`)
      return fstatSync(file, { bigint: true }).ino
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

function removeOwn(path: string, inode: bigint): void {
  try {
    if (lstatSync(path, { bigint: true }).ino === inode) unlinkSync(path)
  } catch {
    // A token of a process that has gone opens nothing.
  }
}

/**
 * Reads a token that a running lyncgate has made. What looks otherwise is not read as one: in a directory of everybody
 * somebody may have put something else there, and it must not be sent anywhere.
 */
export async function readTokenFile(path: string): Promise<string | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined)
  if (!file) return undefined
  try {
    if (!(await file.stat()).isFile()) return undefined
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0)
    return /^(lga_[\w-]{43})\n$/.exec(buffer.toString('latin1', 0, bytesRead))?.[1]
  } finally {
    await file.close()
  }
}
