/** The goals of speed, computed from a run. */
import { type Cell, type Run, roundsOf, seriesOf } from './results.ts'
import { median, ratioOf } from './statistics.ts'

export interface Goal {
  readonly title: string
  readonly limit: number
  readonly isAtLeast: boolean
  readonly measured: number | undefined
  /** Undefined while it is not measured. */
  readonly isMet: boolean | undefined
}

/** What costs CPU or memory for all peers alike, with connections that stay; waiting at half load is no cost. */
const STAYING =
  'small-plain small-tls down-64k down-10m up-64k up-10m polls-memory polls-open polls-renew'
/** The same duty for all: each client has a connection of its own to the server. */
const COSTS = `${STAYING} connect-full-own connect-resumed-own`.split(' ')
/** As the others are usually set up. */
const COSTS_WITH_POOLS = `${STAYING} connect-full connect-resumed`.split(' ')
const WITH_POOLS = 'with a pool that all clients share, which NTLM forbids, the worst'

export function goalsOf(run: Run): readonly Goal[] {
  const own = (key: string): readonly number[] | undefined => roundsOf(run, key, 'lyncgate')
  const to = (key: string, peer: string): number | undefined => {
    const [mine, theirs] = [own(key), roundsOf(run, key, peer)]
    return mine && theirs && ratioOf(mine, theirs)
  }
  const of = (key: string, name: string): number | undefined => {
    const rounds = roundsOf(run, key, name)
    return rounds && median(rounds)
  }
  const variants = (key: string, name: string, reference: string): number | undefined => {
    const [some, others] = [roundsOf(run, key, name), roundsOf(run, key, reference)]
    return some && others && ratioOf(some, others)
  }
  const second = variants('workers', 'two workers', 'one worker')
  const reloadErrors = roundsOf(run, 'reload-errors', 'reloading')
  return [
    atMost('small GET, TLS to TLS, CPU to nginx', 2, to('small-tls', 'nginx')),
    atMost('small GET, plain to plain, CPU to nginx', 2, to('small-plain', 'nginx')),
    atMost('10 MB down, CPU to nginx', 1.4, to('down-10m', 'nginx')),
    atMost('10 MB up, CPU to nginx', 1.4, to('up-10m', 'nginx')),
    atMost('KB of memory per idle TLS long poll', 100, of('polls-memory', 'lyncgate')),
    atMost(
      'full handshake with the way to the back end, CPU to HAProxy',
      1.3,
      to('connect-full', 'HAProxy'),
    ),
    atMost('every cost to Apache, the worst', 1, worst(run, 'Apache', COSTS)),
    atMost(`every cost to Apache ${WITH_POOLS}`, 1, worst(run, 'Apache', COSTS_WITH_POOLS)),
    atMost('every cost to Caddy, the worst', 1, worst(run, 'Caddy', COSTS)),
    atMost(`every cost to Caddy ${WITH_POOLS}`, 1, worst(run, 'Caddy', COSTS_WITH_POOLS)),
    atMost('1,000 rules to one rule, CPU', 1.1, variants('many-hosts', '1,000 rules', 'one rule')),
    atMost('errors while rules are reloaded', 0, reloadErrors && Math.max(...reloadErrors)),
    atLeast('two workers to one, from CPU per request', 1.8, second && 2 / second),
  ]
}

/** The worst ratio to a peer over costs; undefined as long as one of them has no figure. */
function worst(run: Run, peer: string, costs: readonly string[]): number | undefined {
  const ratios = costs.map((key) => {
    const cells = seriesOf(run).find((each) => each.key === key)?.cells
    const [own, other] = [cells?.['lyncgate'], cells?.[peer]]
    if (!own || !other || !hasFigures(own)) return undefined
    // A peer that fails a row is beaten there.
    return hasFigures(other) ? ratioOf(own.rounds, other.rounds) : 0
  })
  return ratios.includes(undefined) ? undefined : Math.max(...(ratios as number[]))
}

const hasFigures = (cell: Cell): cell is { rounds: readonly number[] } =>
  'rounds' in cell && cell.rounds.length > 0

function atMost(title: string, limit: number, measured: number | undefined): Goal {
  const isMet = measured === undefined ? undefined : measured <= limit
  return { title, limit, isAtLeast: false, measured, isMet }
}

function atLeast(title: string, limit: number, measured: number | undefined): Goal {
  const isMet = measured === undefined ? undefined : measured >= limit
  return { title, limit, isAtLeast: true, measured, isMet }
}
