/** `--long`: one connection to each address of the web services, silent for as long as a pending request is. */
import { formatDuration } from '../../base/duration.ts'
import { type Finding, finding, type Judgement } from '../finding.ts'
import type { IdleAnswer } from '../idle-probe.ts'
import { type Surroundings, writeEndpoint } from '../surroundings.ts'
import { clientsOf } from './clients.ts'
import { rootPath } from './pages.ts'
import type { Meeting } from './test-https.ts'

const check = 'idle-connection'

/** So many addresses are held at the same time. */
const mostHeld = 32

/** All at once, each address once: what cuts knows addresses, not names. */
export async function testIdle(
  { probes }: Surroundings,
  meetings: readonly Meeting[],
  durationMs: number,
): Promise<readonly Finding[]> {
  const met = new Map<string, Meeting>()
  for (const meeting of meetings) {
    const where = writeEndpoint(meeting.endpoint)
    const isServed = meeting.name.kind === 'web-services' && meeting.chain.length > 0
    if (isServed && !met.has(where) && met.size < mostHeld) met.set(where, meeting)
  }
  return Promise.all(
    [...met].map(async ([where, { name, endpoint }]) => {
      const page = { host: name.host, path: rootPath }
      const answer = await probes.idle(endpoint, page, durationMs)
      const subject = `https://${name.host} (${where})`
      return finding({
        concerns: clientsOf[name.kind],
        ...judgeIdle(answer, durationMs),
        subject,
      })
    }),
  )
}

/** Microsoft: "Use TCP idle timeout of 1800 seconds"; a pending request of UCWA is silent for 900 s. */
export function judgeIdle(answer: IdleAnswer, durationMs: number): Judgement {
  const silent = formatDuration(durationMs)
  switch (answer.kind) {
    case 'kept':
      return { verdict: 'pass', check, seen: `silent for ${silent}, and still there` }
    case 'not-held':
      return {
        verdict: 'warn',
        check,
        seen: `nothing to hold (${answer.reason})`,
        means: 'Whether silent connections are cut cannot be said.',
        advice: 'Clients sign in by connection: see that the proxy keeps them open.',
      }
    case 'lost':
      return {
        verdict: 'fail',
        check,
        seen: `dropped without a word within ${silent} (${answer.reason})`,
        means:
          'A firewall, address translation or load balancer forgets silent connections: pending requests never get their answer, and mobile clients miss calls and messages.',
        advice: `Set its TCP idle time-out to 30 minutes. ${commonOf(durationMs)}`,
      }
    case 'cut':
      return judgeCut(answer)
  }
}

function judgeCut({ how, afterMs }: Extract<IdleAnswer, { kind: 'cut' }>): Judgement {
  const after = `after ${afterMs < 1000 ? `${afterMs}ms` : `${Math.round(afterMs / 1000)}s`} of silence`
  if (how === 'reset')
    return {
      verdict: 'fail',
      check,
      seen: `reset ${after}`,
      means:
        'Something on the way cuts silent connections, pending requests included: mobile clients miss calls and messages.',
      advice: `Set the TCP idle time-out of firewall and load balancer to 30 minutes. ${culprits(afterMs)}`,
    }
  return {
    verdict: 'warn',
    check,
    seen: `closed ${after}`,
    means:
      'A web server may close a connection between two requests, and clients sign in anew. A load balancer that passes TCP through cuts pending requests in the same way.',
    advice: `Find out which machine closes, and keep idle connections for 30 minutes. ${culprits(afterMs)}`,
  }
}

/** Defaults of the makers, in seconds. */
const defaults: readonly (readonly [seconds: number, whose: string])[] = [
  [5, 'Apache KeepAliveTimeout'],
  [60, 'AWS Application Load Balancer idle timeout'],
  [75, 'nginx keepalive_timeout'],
  [120, 'IIS connectionTimeout'],
  [180, 'Traefik idleTimeout'],
  [240, 'Azure load balancer idle timeout'],
  [300, 'F5 TCP profile idle timeout'],
  [350, 'AWS Network Load Balancer idle timeout'],
]

/** Timers of makers are a little late, never early by much. */
function culprits(afterMs: number): string {
  const seconds = afterMs / 1000
  const [found] = defaults.filter(([each]) => seconds >= each - 1 && seconds <= each * 1.05 + 2)
  return found
    ? `${found[0]} seconds is the default of: ${found[1]}.`
    : 'It is the default of no product known here: look for this time in each machine on the way.'
}

/** Where the moment is not known: all that are shorter. */
function commonOf(durationMs: number): string {
  const shorter = defaults.filter(([seconds]) => seconds >= 200 && seconds * 1000 <= durationMs)
  return shorter.length === 0
    ? 'A shorter --long finds the moment.'
    : `Common defaults: ${shorter.map(([seconds, whose]) => `${whose} ${seconds} s`).join(', ')}. A shorter --long finds the moment.`
}
