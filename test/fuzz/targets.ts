/** What is fuzzed, and how a round of it goes. A round has a seed of its own, by which it can be had again. */
import { fc } from '../support/property.ts'
import { answerBytes } from './answer-bytes.ts'
import { runBack } from './back.ts'
import { runFront } from './front.ts'
import { type RunningWorld, startFrontWorld } from './front-world.ts'
import { messages, runParsers } from './parsers.ts'
import { type RequestStream, requestStreams } from './request-streams.ts'

export interface Found {
  readonly target: TargetName
  readonly seed: number
  /** What is wrong with the smallest case. */
  readonly wrong: string
  /** The smallest case, as a JavaScript expression. */
  readonly input: string
}

export type TargetName = 'front' | 'back' | 'parsers'

export interface Target {
  /** Cases of a round on the command line. */
  readonly round: number
  run(seed: number, cases: number): Promise<Found | undefined>
}

export const targets: Readonly<Record<TargetName, Target>> = {
  front: {
    round: 500,
    run: async (seed, cases) => {
      // A world of its own for each round: what is left of one shows at its end.
      const world = await startFrontWorld()
      const property = fc.asyncProperty(requestStreams, async (stream) =>
        mustBeFine((await runFront(world, stream)) ?? world.troubles()[0]),
      )
      const found = await check('front', property, { seed, cases })
      const trouble = found ? undefined : await troubleAfter(world)
      await world.stop()
      return found ?? (trouble ? { target: 'front', seed, wrong: trouble, input: '' } : undefined)
    },
  },
  back: {
    round: 3000,
    run: (seed, cases) =>
      check(
        'back',
        fc.asyncProperty(answerBytes, async (bytes) => mustBeFine(await runBack(bytes))),
        { seed, cases },
      ),
  },
  parsers: {
    round: 10_000,
    run: (seed, cases) =>
      check(
        'parsers',
        fc.asyncProperty(messages, async (bytes) => mustBeFine(runParsers(bytes))),
        { seed, cases },
      ),
  },
}

const GOOD: RequestStream = {
  pieces: ['GET /a HTTP/1.1\r\nHost: lyncweb.contoso.com\r\n\r\n'],
  answers: [],
  isPlain: true,
}

/** A good client is served after all of them, and no connection is left. */
async function troubleAfter(world: RunningWorld): Promise<string | undefined> {
  const wrong = await runFront(world, GOOD)
  if (wrong) return `a good client afterwards: ${wrong}`
  const left = process.getActiveResourcesInfo().filter((name) => /^(?:TCP|TLS).*Wrap$/.test(name))
  const open = left.filter((name) => name !== 'TCPServerWrap')
  return open.length > 0 ? `left over: ${open.join(', ')}` : world.troubles()[0]
}

function mustBeFine(wrong: string | undefined): void {
  if (wrong !== undefined) throw new Error(wrong)
}

async function check<Input>(
  target: TargetName,
  property: fc.IAsyncProperty<[Input]>,
  { seed, cases }: { readonly seed: number; readonly cases: number },
): Promise<Found | undefined> {
  const result = await fc.check(property, { seed, numRuns: cases })
  if (!result.failed) return undefined
  const { errorInstance, counterexample } = result
  return {
    target,
    seed,
    wrong: errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
    input: fc.stringify(counterexample?.[0]),
  }
}
