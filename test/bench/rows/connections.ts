/** A new TLS connection for each request, and sign-ins. */
import type { Bench, Contestant } from '../bench.ts'
import { HOST, NODE_HOST } from '../files.ts'
import type { Repeated, RepeatedResult } from '../load/generator.ts'
import { demand, inTurn } from '../measure.ts'
import { cpuBetween, cpuTimes } from '../processes.ts'
import type { Cell } from '../results.ts'
import type { Row } from './row.ts'

const CONNECTIONS = 8
const PROOF_CONNECTIONS = 16

export const freshFull = freshRow(
  'connect-full',
  'new TLS connection, full handshake, small GET',
  false,
)
export const freshResumed = freshRow(
  'connect-resumed',
  'new TLS connection, session resumed, small GET',
  true,
)

function freshRow(name: string, title: string, resume: boolean): Row {
  return {
    name,
    says: `${CONNECTIONS} clients of our own open a TLS 1.3 connection, ${resume ? 'resuming the session of the one before' : 'with a full handshake (ECDSA P-256)'}, ask once and close. The way to the back end is in it as each peer goes it: lyncgate and HAProxy open a connection for each client and resume the TLS session there, the others take one from a pool that all clients share.`,
    measure: async (bench) => {
      const cells = await inTurn(bench, bench.contestants, (contestant) => {
        const target = targetOf(bench, contestant.ports.tls, HOST)
        return perConnection(bench, contestant, { target, resume }, 'fresh')
      })
      return [{ key: name, title, unit: 'us', reference: 'HAProxy', cells }]
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
    const cells = await inTurn(bench, able, (contestant) => {
      const target = targetOf(bench, contestant.ports.node, NODE_HOST)
      return perConnection(bench, contestant, { target, resume: true }, 'signIns')
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

/** Microseconds for each connection with all that happens on it. */
async function perConnection(
  bench: Bench,
  { running }: Contestant,
  given: Pick<Repeated, 'target' | 'resume'>,
  kind: 'fresh' | 'signIns',
): Promise<number> {
  const { warmMs, windowMs } = bench.options
  const load = { ...given, connections: CONNECTIONS }
  await bench.generator.call(kind, { ...load, ms: warmMs })
  const before = cpuTimes(running.pid)
  const { done, resumed, errors }: RepeatedResult = await bench.generator.call(kind, {
    ...load,
    ms: windowMs,
  })
  const spent = cpuBetween(before, cpuTimes(running.pid)) ?? Number.NaN
  demand(errors.length === 0, errors[0] ?? '')
  const isAsMeant = given.resume ? resumed >= done - CONNECTIONS : resumed === 0
  demand(isAsMeant, `${resumed} of ${done} connections resumed a session`)
  return spent / 1000 / done
}
