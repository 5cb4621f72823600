/** The call of `npm run bench`. */
import { parseArgs } from 'node:util'

export const usage = `usage: npm run bench -- [options]
  --quick        about four minutes instead of half an hour; the figures are rough
  --only ROW     only this row (can be given several times)
  --peers A,B    only these peers, and lyncgate
  --polls N      how many long polls wait (default 5000, quick 500)
  --json FILE    writes the run as JSON
  --write        writes docs/performance.md, .json and .svg
  --strict       fails when a peer is missing or answers wrongly
  --list         names the rows and the peers
`

export interface BenchOptions {
  readonly isQuick: boolean
  readonly only: readonly string[]
  readonly peers: readonly string[] | undefined
  readonly polls: number
  readonly json: string | undefined
  readonly write: boolean
  readonly strict: boolean
  readonly list: boolean
  readonly help: boolean
  /** Each figure is taken this often, peers in turn. */
  readonly rounds: number
  /** The same where loads take turns over small requests. */
  readonly smallRounds: number
  /** And where they take turns over bodies. */
  readonly bodyRounds: number
  /** Rounds before these, that are not counted. */
  readonly warmRounds: number
  readonly windowMs: number
  /** How long a load runs before anything is counted. */
  readonly warmMs: number
  /** What comes before the first turn that counts: so many small requests or so long, and so long with bodies. */
  readonly warmUp: { readonly requests: number; readonly ms: number; readonly bodyMs: number }
}

const quick = {
  rounds: 3,
  smallRounds: 3,
  bodyRounds: 3,
  warmRounds: 1,
  windowMs: 250,
  warmMs: 100,
  warmUp: { requests: 10_000, ms: 2_000, bodyMs: 1_000 },
}

const full = {
  rounds: 7,
  smallRounds: 12,
  bodyRounds: 10,
  warmRounds: 1,
  windowMs: 1000,
  warmMs: 300,
  warmUp: { requests: 90_000, ms: 12_000, bodyMs: 3_000 },
}

/** Throws with a sentence when the call is wrong. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      peers: { type: 'string' },
      polls: { type: 'string' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const polls = Number(values.polls ?? (values.quick ? 500 : 5000))
  if (!Number.isInteger(polls) || polls < 1 || polls > 8000)
    throw new Error('--polls is a number from 1 to 8000')
  if (values.write && (values.only.length > 0 || values.peers !== undefined))
    throw new Error('--write needs every row and every peer')
  return {
    isQuick: values.quick,
    only: values.only,
    peers: values.peers?.split(','),
    polls,
    json: values.json,
    write: values.write,
    strict: values.strict,
    list: values.list,
    help: values.help,
    ...(values.quick ? quick : full),
  }
}
