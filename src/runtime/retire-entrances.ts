/** What ports led to before, and do no more. */
import type { Entrance } from './entrance.ts'

/**
 * Entrances that were replaced serve the connections they have, then leave `all`. Where a place itself is gone, those
 * connections end when they are idle.
 */
export function retireReplaced(
  before: ReadonlyMap<string, Entrance>,
  now: ReadonlyMap<string, Entrance>,
  all: Set<Entrance>,
): void {
  for (const [key, entrance] of before) {
    if (now.get(key) !== entrance) void entrance.retire().then(() => all.delete(entrance))
  }
  const places = new Set([...now.values()].map(({ place }) => place))
  for (const { place, handler } of all) if (!places.has(place)) handler.leave()
}
