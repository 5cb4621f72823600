/** A new TLS connection for each request, and sign-ins. */
import { RESUMED_PATH } from '../backends/nginx-backend.ts'
import type { Bench, Contestant } from '../bench.ts'
import { HOST, NODE_HOST } from '../files.ts'
import type { Repeated, RepeatedResult } from '../load/generator.ts'
import { demand, inTurn } from '../measure.ts'
import { cpuBetween, cpuTimes } from '../processes.ts'
import type { Cell } from '../results.ts'
import type { Row } from './row.ts'

const CONNECTIONS = 8
const PROOF_CONNECTIONS = 16
const OWN = 'own way to the server'

const FULL = { title: 'new TLS connection, full handshake, small GET', resume: false }
const RESUMED = { title: 'new TLS connection, session resumed, small GET', resume: true }

export const freshFull = freshRow('connect-full', FULL)
export const freshResumed = freshRow('connect-resumed', RESUMED)
export const freshFullOwn = freshOwnRow('connect-full-own', FULL)
export const freshResumedOwn = freshOwnRow('connect-resumed-own', RESUMED)

interface Fresh {
  readonly title: string
  readonly resume: boolean
}

function freshRow(name: string, { title, resume }: Fresh): Row {
  return {
    name,
    says: `${CONNECTIONS} clients of our own open a TLS 1.3 connection, ${resume ? 'resuming the session of the one before' : 'with a full handshake (ECDSA P-256)'}, ask once and close. The way to the back end is in it as each peer goes it: lyncgate and HAProxy open a connection for each client and resume the TLS session there, the others take one from a pool that all clients share.`,
    measure: async (bench) => {
      const cells = await inTurn(bench, bench.contestants, async (contestant) => {
        const target = targetOf(bench, contestant.ports.tls, HOST)
        return (await perConnection(bench, contestant, { target, resume }, 'fresh')).us
      })
      return [{ key: name, title, unit: 'us', reference: 'HAProxy', cells }]
    },
  }
}

/** The same duty for all: each client has a connection of its own to the server, as NTLM needs it. */
function freshOwnRow(name: string, { title, resume }: Fresh): Row {
  return {
    name,
    says: `As \`${name.replace('-own', '')}\`, but nobody shares: each client has a connection of its own to the back end, as NTLM needs it. nginx has no \`keepalive\`, Apache \`disablereuse=On\`, Caddy \`keepalive off\`, http-proxy an agent that keeps no connection; lyncgate and HAProxy are as they always are. The back end counts as many connections as requests, or there is no figure. It also tells how many of its own TLS sessions were resumed: whoever's software can, does.`,
    measure: async (bench) => {
      const shares: Record<string, number[]> = {}
      const cells = await inTurn(bench, bench.contestants, async (contestant, at) => {
        const target = targetOf(bench, contestant.ports.own, HOST)
        const before = await bench.static.counts()
        const given = { target, resume, path: RESUMED_PATH }
        const { us, done, marked } = await perConnection(bench, contestant, given, 'fresh')
        const after = await bench.static.counts()
        const connections = after.connections - before.connections
        const requests = after.requests - before.requests
        demand(
          connections === requests,
          `the back end has seen ${connections} connections for ${requests} requests`,
        )
        const { name: peer } = contestant
        if (at >= 0) shares[peer] = [...(shares[peer] ?? []), (marked / done) * 100]
        return us
      })
      const resumed = Object.entries(shares).map(([peer, rounds]) => [peer, { rounds }])
      const both = { reference: 'HAProxy' } as const
      return [
        { key: name, title: `${title}, ${OWN}`, unit: 'us', ...both, cells },
        {
          key: `${name}-share`,
          title: `sessions resumed on the way to the server, ${name}`,
          unit: '%',
          ...both,
          cells: Object.fromEntries(resumed),
        },
      ]
    },
  }
}

export const ntlm: Row = {
  name: 'ntlm',
  says: `New TLS connection (session resumed), then the three legs of NTLM; the back end checks each proof. Each peer first has to prove itself: ${PROOF_CONNECTIONS} connections of two people side by side, 20 requests each, then strangers. Whoever mixes them up or loses a sign-in cannot publish Lync.`,
  measure: async (bench) => {
    const refused: Record<string, Cell> = {}
    const able: Contestant[] = []
    for (const contestant of bench.contestants) {
      const target = targetOf(bench, contestant.ports.node, NODE_HOST)
      const given = { target, connections: PROOF_CONNECTIONS }
      const trouble = await bench.generator
        .call('proveSignIns', given)
        .catch((error: Error) => error.message.split('\n')[0] ?? '')
      if (trouble === null) able.push(contestant)
      else refused[contestant.name] = { missing: `cannot: ${trouble}` }
    }
    const cells = await inTurn(bench, able, async (contestant) => {
      const target = targetOf(bench, contestant.ports.node, NODE_HOST)
      return (await perConnection(bench, contestant, { target, resume: true }, 'signIns')).us
    })
    const all = { ...refused, ...cells }
    return [
      {
        key: 'ntlm',
        title: 'NTLM sign-in, three legs',
        unit: 'us',
        reference: 'HAProxy',
        cells: all,
      },
    ]
  },
}

export const targetOf = ({ files }: Bench, port: number, host: string) => ({
  port,
  host,
  ca: files.rootPem,
})

interface PerConnection {
  /** Microseconds for each connection with all that happens on it. */
  readonly us: number
  readonly done: number
  /** Of these, the answers that the back end has marked. */
  readonly marked: number
}

async function perConnection(
  bench: Bench,
  { running }: Contestant,
  given: Pick<Repeated, 'target' | 'resume' | 'path'>,
  kind: 'fresh' | 'signIns',
): Promise<PerConnection> {
  const { warmMs, windowMs } = bench.options
  const load = { ...given, connections: CONNECTIONS }
  await bench.generator.call(kind, { ...load, ms: warmMs })
  const before = cpuTimes(running.pid)
  const { done, resumed, marked, errors }: RepeatedResult = await bench.generator.call(kind, {
    ...load,
    ms: windowMs,
  })
  const spent = cpuBetween(before, cpuTimes(running.pid)) ?? Number.NaN
  demand(errors.length === 0, errors[0] ?? '')
  const isAsMeant = given.resume ? resumed >= done - CONNECTIONS : resumed === 0
  demand(isAsMeant, `${resumed} of ${done} connections resumed a session`)
  return { us: spent / 1000 / done, done, marked }
}
