/** Whom the sign-in guard blocks at this moment, in the shape of `GET /api/blocked`. docs/admin-api.md has every key. */
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

/** An IPv6 client is a /64: its four groups become a network. */
export const clientName = (key: string): string =>
  key.includes(':') && !key.includes('::') ? `${key}::/64` : key

export function describeBlocked({ runtime, now }: AdminScope): Blocked {
  const { desk } = runtime
  const nowMs = monotonicNow()
  const wallMs = now().getTime()
  const rowOf = ({ kind, name, failures, sinceMs, untilMs, isForFamiliar }: Block): BlockedRow => ({
    name: kind === 'client' ? clientName(name) : name,
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
