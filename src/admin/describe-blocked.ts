/** Whom the sign-in guard blocks at this moment: all of it for `GET /api/blocked`, the newest for the status. */
import type { Block } from '../guard/blocks.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import type { AdminScope } from './scope.ts'

export interface BlockedRow {
  readonly name: string
  readonly failures: number
  readonly since: string
  readonly until: string
  readonly familiar: boolean
}

export interface Blocked {
  readonly mode: 'enforce' | 'observe' | 'off'
  readonly users: readonly BlockedRow[]
  readonly clients: readonly BlockedRow[]
}

/** A row of the status. */
export interface ShownBlock {
  readonly kind: Block['kind']
  readonly name: string
  readonly failures: number
  readonly until: string
}

/** The part of it that everybody who looks at the status page is sent. */
export interface BlockedSummary {
  readonly mode: Blocked['mode']
  /** Users and clients together, listed or not. */
  readonly total: number
  /** Newest first, at most 100. */
  readonly rows: readonly ShownBlock[]
}

/** A flood of names must not become one of bytes for each page that is open. */
const MOST_SHOWN = 100

/** An IPv6 client is a /64: its four groups become a network. */
export const clientName = (key: string): string =>
  key.includes(':') && !key.includes('::') ? `${key}::/64` : key

const shownName = (kind: Block['kind'], name: string): string =>
  kind === 'client' ? clientName(name) : name

export function describeBlocked({ runtime, now }: AdminScope): Blocked {
  const { desk } = runtime
  const nowMs = monotonicNow()
  const wallMs = now().getTime()
  const rowOf = ({ kind, name, failures, sinceMs, untilMs, isForFamiliar }: Block): BlockedRow => ({
    name: shownName(kind, name),
    failures,
    since: new Date(wallMs + sinceMs - nowMs).toISOString(),
    until: new Date(wallMs + untilMs - nowMs).toISOString(),
    familiar: isForFamiliar,
  })
  const blocks = desk.blocks.list(nowMs)
  return {
    mode: desk.mode,
    users: blocks.filter(({ kind }) => kind === 'user').map(rowOf),
    clients: blocks.filter(({ kind }) => kind === 'client').map(rowOf),
  }
}

export function summarizeBlocked({ runtime, now }: AdminScope): BlockedSummary {
  const { desk } = runtime
  const nowMs = monotonicNow()
  const wallMs = now().getTime()
  const blocks = desk.blocks.list(nowMs)
  return {
    mode: desk.mode,
    total: blocks.length,
    rows: blocks
      .slice(-MOST_SHOWN)
      .reverse()
      .map(({ kind, name, failures, untilMs }) => ({
        kind,
        name: shownName(kind, name),
        failures,
        until: toSecond(wallMs + untilMs - nowMs),
      })),
  }
}

/** The two clocks differ by parts of a millisecond at each look: the same block must read the same, or each is news. */
const toSecond = (ms: number): string => new Date(Math.round(ms / 1000) * 1000).toISOString()
