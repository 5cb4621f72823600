/** Small requests over connections that stay. */
import type { Bench } from '../bench.ts'
import { HOST } from '../files.ts'
import { type Turn, type Turns, takeTurns } from '../turns.ts'
import { inMicroseconds, type Row, SMALL_CONNECTIONS } from './row.ts'

export const smallPlain = smallRow({
  name: 'small-plain',
  isTls: false,
  title: 'small GET, plain to plain',
})
export const smallTls = smallRow({ name: 'small-tls', isTls: true, title: 'small GET, TLS to TLS' })

interface Small {
  readonly name: string
  readonly title: string
  readonly isTls: boolean
}

function smallRow({ name, title, isTls }: Small): Row {
  return {
    name,
    says: `GET with an answer of 42 bytes over ${SMALL_CONNECTIONS} connections that stay, ${isTls ? 'TLS on both sides' : 'plain HTTP on both sides'}. wrk sends; the back end counts the requests.`,
    measure: async (bench) => {
      const turns = bench.contestants.map((shape) => smallTurn(bench, { shape, isTls }))
      const cells = inMicroseconds(await takeTurns(bench, smallTurns(bench, turns)))
      return [{ key: name, title, unit: 'us', reference: 'nginx', cells }]
    },
  }
}

/** A contestant that is asked for the small answer. */
export function smallTurn(
  { options }: Bench,
  { shape, isTls, hosts }: Pick<Turn, 'shape'> & { isTls: boolean; hosts?: number },
): Turn {
  const { plain, tls } = shape.ports
  const url = isTls ? `https://127.0.0.1:${tls}/` : `http://127.0.0.1:${plain}/`
  const { requests: count, ms } = options.warmUp
  return { shape, load: { url, host: HOST, ...(hosts && { hosts }) }, warmUp: { count, ms } }
}

export const smallTurns = (bench: Bench, turns: readonly Turn[]): Turns => ({
  turns,
  connections: SMALL_CONNECTIONS,
  count: bench.static.requests,
  least: SMALL_CONNECTIONS,
  rounds: bench.options.smallRounds,
})
