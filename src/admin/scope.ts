/** What the admin address knows of the running proxy. */
import type { Logger } from '../observe/logger.ts'
import type { LookWish, TrafficLook } from '../runtime/look-at-traffic.ts'
import type { LastReload, ReloadOutcome } from '../runtime/reload.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { LiveFeed } from './live/live-feed.ts'

/** The part of the runtime that administrators see and change. */
export type AdminRuntime = Pick<
  Runtime,
  | 'built'
  | 'isReady'
  | 'ports'
  | 'healthPort'
  | 'adminPort'
  | 'openConnections'
  | 'drain'
  | 'trace'
  | 'isEmpty'
  | 'desk'
>

/** A process that serves, as plain data. */
export type WorkerRow = Readonly<Record<string, string | number | boolean | null>>

export interface AdminMetrics {
  readonly contentType: string
  readonly text: string
}

export interface AdminScope {
  readonly runtime: AdminRuntime
  readonly logger: Logger
  readonly version: string
  /** The rules file. */
  readonly file: string
  readonly startedAt: Date
  readonly now: () => Date
  readonly reload: () => Promise<ReloadOutcome>
  readonly lastReload: () => LastReload | undefined
  /** The processes that serve; left out: this one. */
  readonly workers?: () => readonly WorkerRow[]
  /**
   * Left out: there is no `/metrics`.
   * @param accept the Accept field of the request
   */
  readonly metrics?: (accept: string) => Promise<AdminMetrics>
  /** What goes on at this moment; left out: the status page has no charts and no exchanges. */
  readonly look?: (wish: LookWish) => Promise<readonly TrafficLook[]>
  /** Where a token that is made at the start may go; the first that works is taken. */
  readonly tokenDirectories: readonly string[]
}

/** What requests are answered from while the port is open. */
export interface ServingScope extends AdminScope {
  readonly live: LiveFeed
}
