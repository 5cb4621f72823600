/** What processes tell each other: written down from one registry, taken up by another. */
import { adoptEjection, adoptReturn, endEjection, isEjected } from '../pools/ejection.ts'
import type { ServerCheck } from '../pools/server-check.ts'
import type { Assembled } from '../runtime/assemble.ts'
import type { EjectionNote, HealthNote, Knowledge } from './messages.ts'

export function healthNote({ key, health }: ServerCheck, nowMs: number): HealthNote {
  const { status, reason, returnedAtMs } = health
  const returnedAgoMs = Number.isFinite(returnedAtMs) ? nowMs - returnedAtMs : undefined
  return { key, status, reason, returnedAgoMs }
}

/** All that is known of the servers of a configuration, with what else a worker that begins is to know. */
export function knowledgeOf(
  { pools, registry }: Assembled,
  { staples, shapes }: Pick<Knowledge, 'staples' | 'shapes'>,
  nowMs: number,
): Knowledge {
  const health = new Map<string, HealthNote>()
  const ejections: EjectionNote[] = []
  for (const { check, facts } of [...pools.values()].flatMap(({ servers }) => servers)) {
    if (check) health.set(check.key, healthNote(check, nowMs))
    const { ejection, key } = facts
    if (!isEjected(ejection, nowMs)) continue
    const forMs = ejection.untilMs - nowMs
    ejections.push({ kind: 'ejected', key, cause: ejection.cause, forMs })
  }
  return { health: [...health.values()], ejections, drained: registry.drained, staples, shapes }
}

/** Takes up what a check has found out elsewhere. */
export function adoptHealth({ pools, registry }: Assembled, note: HealthNote, nowMs: number): void {
  const health = registry.healthOf(note.key)
  const hasReturned = health.status === 'unhealthy' && note.status === 'healthy'
  const returnedAtMs =
    note.returnedAgoMs === undefined ? Number.NEGATIVE_INFINITY : nowMs - note.returnedAgoMs
  Object.assign(health, { status: note.status, reason: note.reason, contrary: 0, returnedAtMs })
  if (!hasReturned) return
  // What traffic met before the server was healthy again counts no more.
  for (const { check, facts } of [...pools.values()].flatMap(({ servers }) => servers))
    if (check?.key === note.key) endEjection(facts.ejection)
}

/** Takes up what traffic of another process has found out. */
export function adoptEjectionNote(
  { registry }: Assembled,
  note: EjectionNote,
  nowMs: number,
): void {
  const facts = registry.find(note.key)
  if (!facts) return
  if (note.kind === 'ejected') adoptEjection(facts.ejection, note, nowMs)
  else adoptReturn(facts.ejection, nowMs)
}
