/** Files of the storage: for lyncgate alone, and whole at every moment, whatever happens while one is written. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** The text; undefined: there is no such file. Rejects with Node's error otherwise. */
export async function readStored(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** As `readStored` for JSON; a file that is none counts as missing. */
export async function readStoredJson(path: string): Promise<unknown> {
  const text = await readStored(path)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Puts a file in the place of another one, or of none: whoever reads sees the old text or the new one, also after a power
 * failure. Rejects with Node's error.
 * @param life `passing`: of no use after a restart, so that it need not survive a power failure
 */
export async function writeStored(
  path: string,
  text: string,
  life: 'lasting' | 'passing' = 'lasting',
): Promise<void> {
  const directory = dirname(path)
  const unfinished = join(
    directory,
    // Without the name, which may be as long as a file name can be.
    `.${randomBytes(12).toString('hex')}${ENDING}`,
  )
  try {
    const file = await open(unfinished, 'wx', 0o600)
    try {
      await file.writeFile(text)
      if (life === 'lasting') await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {})
    throw error
  }
  if (life === 'lasting') await syncDirectory(directory)
}

const ENDING = '.unfinished'

/** The rename itself must survive a power failure. Some network file systems cannot do this, and need not. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  await handle.sync().catch(() => {})
  await handle.close()
}

/** Makes a directory that only its owner may enter. One that is there stays as it is. */
export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
}

const LEFT_BEHIND_MS = 3_600_000

/** Removes what a process that died has left half-written. */
export async function sweep(directory: string, now: number): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith(ENDING)) continue
    const path = join(directory, name)
    const status = await stat(path).catch(() => undefined)
    if (status && now - status.mtimeMs > LEFT_BEHIND_MS) await rm(path, { force: true })
  }
}
