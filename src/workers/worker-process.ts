/** One worker process as its primary sees it: started, asked, listened to, ended. */
import { type ChildProcess, fork } from 'node:child_process'
import type { FromWorker, Pulse, ToWorker } from './messages.ts'

/** How a process ended. */
export interface WorkerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface WorkerEvents {
  onMessage(worker: WorkerProcess, message: Exclude<FromWorker, { kind: 'answer' }>): void
  onExit(worker: WorkerProcess, exit: WorkerExit): void
}

/** The answer of a worker that ended before it gave one. */
export const DIED = Symbol('the worker ended before it answered')

type Asked = Extract<ToWorker, { ask: number }>
type WithoutAsk<Message> = Message extends unknown ? Omit<Message, 'ask'> : never

export class WorkerProcess {
  /** For logs and metrics: 1, 2, …; a replacement gets a number of its own. */
  readonly number: number
  /** Among its like: 0, 1, …; a replacement has the place of the one before, so that restarts make no new series. */
  readonly place: number
  /** Monotonic milliseconds. */
  readonly startedAtMs: number
  /** Serving by the configuration in force. */
  isServing = false
  /** `log.accessFile` of the configuration it was started for; it may write no other. */
  readonly accessFile: string | undefined
  /** Sent away: it ends when its last connection has gone. */
  isLeaving = false
  /** It accepts no more connections. */
  hasLeft = false
  /** What it last said of itself. */
  pulse: Pulse = { connections: { open: 0, clients: new Map(), listeners: new Map() }, servers: [] }
  /** The primary's own ticks since the last sign of life. */
  silentTicks = 0
  readonly #child: ChildProcess
  readonly #answers = new Map<number, (value: unknown) => void>()
  readonly #ended: Promise<void>
  #asked = 0
  #hasEnded = false
  #ending: Promise<void> | undefined

  constructor(entry: WorkerEntry, identity: WorkerIdentity, events: WorkerEvents) {
    const { number, place, nowMs } = identity
    this.number = number
    this.place = place
    this.accessFile = identity.accessFile
    this.startedAtMs = nowMs
    this.#child = fork(entry.script, [...entry.args, String(number), String(place)], {
      execArgv: [...process.execArgv, ...entry.flags(identity.accessFile)],
      serialization: 'advanced',
      stdio: ['ignore', entry.output ?? 'inherit', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message) => this.#onMessage(message as FromWorker, events))
    this.#ended = new Promise((resolve) => {
      const onEnd = (exit: WorkerExit): void => {
        if (this.#hasEnded) return
        this.#hasEnded = true
        this.isServing = false
        for (const answer of this.#answers.values()) answer(DIED)
        this.#answers.clear()
        events.onExit(this, exit)
        resolve()
      }
      this.#child.once('exit', (code, signal) => onEnd({ code, signal }))
      // It could not be started at all, or a message could not be sent to a process that is ending.
      this.#child.on('error', () => {
        if (this.#child.pid === undefined) onEnd({ code: null, signal: null })
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  tell(message: Exclude<ToWorker, Asked>): void {
    this.#send(message)
  }

  /** Resolves with the answer, or with `DIED`. Never rejects. */
  ask(message: WithoutAsk<Asked>): Promise<unknown> {
    if (this.#hasEnded) return Promise.resolve(DIED)
    const ask = ++this.#asked
    return new Promise((resolve) => {
      this.#answers.set(ask, resolve)
      this.#send({ ...message, ask } as Asked)
    })
  }

  /** Ends it without asking. */
  destroy(): void {
    this.#child.kill('SIGKILL')
  }

  /** Tells it to end, and does not take no for an answer. */
  end(graceMs: number): Promise<void> {
    this.#ending ??= this.#end(graceMs)
    return this.#ending
  }

  async #end(graceMs: number): Promise<void> {
    if (this.#hasEnded) return
    this.tell({ kind: 'kill' })
    const timer = setTimeout(() => this.destroy(), graceMs)
    await this.#ended
    clearTimeout(timer)
  }

  #send(message: ToWorker): void {
    if (!this.#child.connected) return
    // Without a callback a failure would be an event of its own; `exit` says all there is to say.
    this.#child.send(message, () => {})
  }

  #onMessage(message: FromWorker, events: WorkerEvents): void {
    this.silentTicks = 0
    if (message.kind === 'answer') {
      this.#answers.get(message.ask)?.(message.value)
      this.#answers.delete(message.ask)
      return
    }
    if (message.kind === 'pulse') this.pulse = message.pulse
    events.onMessage(this, message)
  }
}

/** What tells workers apart, and when one was started (monotonic milliseconds). */
export interface WorkerIdentity {
  readonly number: number
  readonly place: number
  readonly nowMs: number
  /** The one file it may write for all its life. */
  readonly accessFile: string | undefined
}

/** How a worker is started: a script, and arguments that are followed by its number and place. */
export interface WorkerEntry {
  readonly script: string
  readonly args: readonly string[]
  /** Flags of Node, on top of those this process was started with, for one that writes this access log. */
  readonly flags: (accessFile: string | undefined) => readonly string[]
  /** What becomes of its log; default: it goes where this process writes. */
  readonly output?: 'inherit' | 'ignore'
}

/** The first place that none of these has. */
export function freePlace(workers: readonly Pick<WorkerProcess, 'place'>[]): number {
  const taken = new Set(workers.map(({ place }) => place))
  let place = 0
  while (taken.has(place)) place++
  return place
}
