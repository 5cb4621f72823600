/** Waits until something that moves has come to rest. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves with the value once it has not changed for half a second. */
export async function settled(value: () => number): Promise<number> {
  for (let before = Number.NaN, calm = 0; ; before = value()) {
    await sleep(50)
    calm = value() === before ? calm + 1 : 0
    if (calm >= 10) return value()
  }
}
