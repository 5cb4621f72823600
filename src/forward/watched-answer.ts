/**
 * Somebody watches the answer of a server on its way to whoever waits for it, and may hold it back for a while. As long
 * as it is held no more is read from the server: what is kept is at most what one read has brought.
 */
import type { Socket } from 'node:net'
import type { BackendUser } from './backend-connection.ts'
import { guarded } from './guarded.ts'
import type { ResponseHead } from './response-parser.ts'
import type { Slab } from './slab.ts'

export interface AnswerWatch {
  /** @returns milliseconds to hold the answer back; 0: none */
  onHead(head: ResponseHead): number
  onBody(bytes: Buffer): void
  onComplete(): void
}

export class WatchedAnswer implements BackendUser {
  readonly #user: BackendUser
  readonly #watch: AnswerWatch
  readonly #source: Socket
  /** What came while it was held; undefined: it is not. */
  #held: (() => void)[] | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(user: BackendUser, watch: AnswerWatch, source: Socket) {
    this.#user = user
    this.#watch = watch
    this.#source = source
  }

  /** Nobody waits any more. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#held = undefined
  }

  onHead(head: ResponseHead): void {
    const waitMs = this.#watch.onHead(head)
    if (waitMs > 0) {
      this.#held = []
      this.#source.pause()
      const letGo = guarded(
        (error) => this.onFault(error),
        () => this.#letGo(),
      )
      this.#timer = setTimeout(letGo, waitMs)
    }
    this.#pass(() => this.#user.onHead(head))
  }

  onBody(bytes: Buffer, slab?: Slab): void {
    this.#watch.onBody(bytes)
    this.#pass(() => this.#user.onBody(bytes, slab))
  }

  onComplete(trailers: readonly string[]): void {
    this.#watch.onComplete()
    this.#pass(() => this.#user.onComplete(trailers))
  }

  onInformation(head: ResponseHead): void {
    this.#pass(() => this.#user.onInformation(head))
  }

  onMalformed(what: string): void {
    this.#pass(() => this.#user.onMalformed(what))
  }

  onConnectionLost(reason: string): void {
    this.#pass(() => this.#user.onConnectionLost(reason))
  }

  onReadEnd(): void {
    this.#pass(() => this.#user.onReadEnd())
  }

  onDrain(): void {
    this.#user.onDrain()
  }

  onFault(error: unknown): void {
    this.stop()
    this.#user.onFault(error)
  }

  onSilence(): void {
    // It is we who do not read.
    if (!this.#held) this.#user.onSilence()
  }

  #pass(event: () => void): void {
    if (this.#held) this.#held.push(event)
    else event()
  }

  #letGo(): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#source.resume()
    for (const event of held) event()
  }
}
