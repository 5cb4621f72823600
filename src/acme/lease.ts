/**
 * One of several lyncgates orders. Clocks of different machines are not compared and processes not looked for (containers
 * share neither): a lease is alive as long as its holder changes it, and who wants it watches for that.
 *
 * It saves orders and is no safeguard: if two held it for a moment, both would obtain a certificate, and either is good.
 */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { readStored, writeStored } from './stored-file.ts'

export interface LeaseTimes {
  /** How often the holder changes it. */
  readonly beatMs: number
  /** Unchanged for so long, it is nobody's. */
  readonly deadMs: number
  /** After taking it: somebody else may have taken it at the same moment, and the last one has it. */
  readonly settleMs: number
}

export const leaseTimes: LeaseTimes = { beatMs: 5_000, deadMs: 20_000, settleMs: 1_000 }

export interface LeaseScope {
  readonly file: string
  readonly now: () => number
  readonly after: (ms: number, act: () => void) => () => void
  readonly sleep: (ms: number) => Promise<void>
  readonly times: LeaseTimes
}

export interface HeldLease {
  /** Aborted when somebody else has taken it. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

export class Lease {
  readonly #scope: LeaseScope
  readonly #owner = randomUUID()
  #beats = 0
  /** What another one wrote, and since when it is seen. */
  #seen: { readonly text: string; readonly since: number } | undefined

  constructor(scope: LeaseScope) {
    this.#scope = scope
  }

  /** Undefined: somebody else has it; ask again. Rejects with Node's error when the file cannot be used. */
  async acquire(): Promise<HeldLease | undefined> {
    const { file, now, sleep, times } = this.#scope
    const text = await readStored(file)
    if (text !== undefined && !this.#isMine(text)) {
      if (this.#seen?.text !== text) this.#seen = { text, since: now() }
      if (now() - this.#seen.since < times.deadMs) return undefined
    }
    await this.#write()
    await sleep(times.settleMs)
    if (!this.#isMine(await readStored(file))) return undefined
    return this.#hold()
  }

  #hold(): HeldLease {
    const { file, after, times } = this.#scope
    const lost = new AbortController()
    let isOver = false
    let running: Promise<void> = Promise.resolve()
    let cancel = (): void => {}
    const beat = async (): Promise<void> => {
      const isMine = await readStored(file).then((text) => this.#isMine(text))
      if (isMine) await this.#write()
      else lost.abort()
    }
    const next = (): void => {
      cancel = after(times.beatMs, () => {
        running = beat()
          .catch(() => lost.abort())
          .then(() => {
            if (!isOver && !lost.signal.aborted) next()
          })
      })
    }
    next()
    return {
      lost: lost.signal,
      release: async () => {
        isOver = true
        cancel()
        await running
        if (this.#isMine(await readStored(file))) await rm(file, { force: true })
      },
    }
  }

  #isMine(text: string | undefined): boolean {
    return text?.startsWith(this.#owner) === true
  }

  #write(): Promise<void> {
    this.#beats++
    return writeStored(this.#scope.file, `${this.#owner} ${this.#beats}\n`, 'passing')
  }
}
