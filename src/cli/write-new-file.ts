/** Writes a file that must not lose anything that is there. */
import { randomUUID } from 'node:crypto'
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { failed, ok, type Result } from '../base/result.ts'

/** Whether something has this name. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}

/** Whether two names are one file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  try {
    return (await realpath(one)) === (await realpath(other))
  } catch {
    return false
  }
}

const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'is there already; --force replaces it',
  ENOENT: 'cannot be written: the folder does not exist',
  ENOTDIR: 'cannot be written: the folder does not exist',
  EISDIR: 'is a folder',
  EACCES: 'may not be written',
  EPERM: 'may not be written',
  EROFS: 'may not be written',
  ENOSPC: 'cannot be written: the disk is full',
}

/**
 * Creates the file; with `isForced` it takes the place of one that is there, in one step. The error is a sentence
 * without its subject.
 */
export async function writeNewFile(
  path: string,
  text: string,
  isForced: boolean,
): Promise<Result<undefined, string>> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    if (!isForced) await writeFile(path, text, { flag: 'wx' })
    else {
      await writeFile(temporary, text, { flag: 'wx' })
      await rename(temporary, path)
    }
    return ok(undefined)
  } catch (error) {
    if (isForced) await rm(temporary, { force: true })
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return failed(reasons[code] ?? `cannot be written${code && ` (${code})`}`)
  }
}
