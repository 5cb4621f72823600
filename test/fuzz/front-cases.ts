/** One stream of requests in a world of its own, for regression tests. */
import { runFront } from './front.ts'
import { startFrontWorld } from './front-world.ts'
import type { RequestStream } from './request-streams.ts'

/** @returns what is wrong; undefined: all is well */
export async function runFrontCase(stream: RequestStream): Promise<string | undefined> {
  const world = await startFrontWorld()
  const wrong = (await runFront(world, stream)) ?? world.troubles()[0]
  await world.stop()
  return wrong
}
