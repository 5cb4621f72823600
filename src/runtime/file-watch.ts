/**
 * Tells when the content of files has changed.
 *
 * Notifications of the system say only that something in a directory happened: after a rename the file has another
 * inode, Kubernetes swaps a symbolic link beside it, network file systems tell nothing. So they only cause a look, and
 * a look is taken every few seconds anyway. A look compares stat first and content then, and a change counts when two
 * looks in a row see the same content: a file that is being written is left alone.
 */
import { type FSWatcher, watch } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Digest, digestOf, isSameDigest, signatureOf } from './file-digest.ts'

export interface FileWatchTimes {
  /** A look at the latest after so long. */
  readonly pollMs: number
  /** From a notification to the look, and between two looks that must see the same. */
  readonly quietMs: number
}

/** For a running proxy: a renewed certificate is in use seconds later, and a busy directory costs next to nothing. */
export const defaultWatchTimes: FileWatchTimes = { pollMs: 5_000, quietMs: 300 }

/** Directories beyond these are only looked at: notifications are a scarce good of the system. */
const MAX_DIRECTORIES = 32

export class FileWatch {
  readonly #times: FileWatchTimes
  readonly #onChange: () => void
  readonly #poll: NodeJS.Timeout
  #watchers: readonly FSWatcher[] = []
  #soon: NodeJS.Timeout | undefined
  #isLooking = false
  #isStopped = false
  /** The content that the listener knows of. */
  #known: Digest = new Map()
  /** Content seen by the last look that was not the known one. */
  #candidate: Digest | undefined
  #signature = ''

  /** Nothing is watched until `follow`. The timer does not keep the process. */
  constructor(times: FileWatchTimes, onChange: () => void) {
    this.#times = times
    this.#onChange = onChange
    this.#poll = setInterval(() => void this.#look(), times.pollMs).unref()
  }

  /** From now on these files, and `known` is the content that is no news. */
  async follow(known: Digest): Promise<void> {
    if (this.#isStopped) return
    this.#known = known
    this.#candidate = undefined
    this.#signature = ''
    const directories = await directoriesOf(known.keys())
    this.#closeWatchers()
    if (!this.#isStopped) this.#watchers = directories.flatMap((each) => this.#watch(each))
    // What changed before the watchers stood.
    this.#lookSoon()
  }

  stop(): void {
    this.#isStopped = true
    clearInterval(this.#poll)
    clearTimeout(this.#soon)
    this.#closeWatchers()
  }

  #closeWatchers(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
  }

  #watch(directory: string): readonly FSWatcher[] {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#lookSoon())
      // A directory that is deleted: looks go on all the same.
      watcher.on('error', () => watcher.close())
      return [watcher]
    } catch {
      return []
    }
  }

  /** However much happens meanwhile, there is one look. */
  #lookSoon(): void {
    if (this.#isStopped || this.#soon) return
    this.#soon = setTimeout(() => {
      this.#soon = undefined
      void this.#look()
    }, this.#times.quietMs).unref()
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#isStopped) return
    this.#isLooking = true
    const isNews = await this.#isNews(this.#known)
    this.#isLooking = false
    if (isNews && !this.#isStopped) this.#onChange()
  }

  async #isNews(known: Digest): Promise<boolean> {
    const signature = await signatureOf(known.keys())
    if (signature === this.#signature && !this.#candidate) return false
    const seen = await digestOf(known.keys())
    // Somebody else has told the listener meanwhile, and `follow` began anew.
    if (this.#known !== known) return false
    this.#signature = signature
    if (isSameDigest(seen, known)) {
      this.#candidate = undefined
      return false
    }
    if (this.#candidate && isSameDigest(seen, this.#candidate)) {
      this.#candidate = undefined
      this.#known = seen
      return true
    }
    this.#candidate = seen
    this.#lookSoon()
    return false
  }
}

/** Where the files are, and where they really are. */
async function directoriesOf(paths: Iterable<string>): Promise<readonly string[]> {
  const directories = new Set<string>()
  for (const path of paths) {
    directories.add(dirname(path))
    const real = await realpath(path).catch(() => undefined)
    if (real !== undefined) directories.add(dirname(real))
  }
  return [...directories].slice(0, MAX_DIRECTORIES)
}
