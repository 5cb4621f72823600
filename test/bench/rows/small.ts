/** Small requests over connections that stay. */
import type { Contestant } from '../bench.ts'
import { HOST } from '../files.ts'
import { runWrk } from '../load/wrk.ts'
import { demand, inTurn, takeWindow } from '../measure.ts'
import { MANY_ROUNDS, type Row, SMALL_CONNECTIONS, WARM_REQUESTS } from './row.ts'

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
    says: `GET with an answer of 42 bytes over ${SMALL_CONNECTIONS} connections that stay, ${isTls ? 'TLS on both sides' : 'plain HTTP on both sides'}. wrk sends; the back end counts the requests. ${MANY_ROUNDS}`,
    measure: async (bench) => {
      const small = async (contestant: Contestant): Promise<number> => {
        const { plain, tls } = contestant.ports
        const url = isTls ? `https://127.0.0.1:${tls}/` : `http://127.0.0.1:${plain}/`
        const { cpuNs, count } = await takeWindow(bench, contestant, {
          count: bench.static.requests,
          warmCount: SMALL_CONNECTIONS * WARM_REQUESTS,
          load: async (stop) => {
            const load = { url, host: HOST, connections: SMALL_CONNECTIONS, stop }
            const { errors } = await runWrk({ ...load, directory: bench.files.directory })
            demand(errors === 0, `${errors} errors`)
          },
        })
        return cpuNs / 1000 / count
      }
      const cells = await inTurn(bench, bench.contestants, small, bench.options.manyRounds)
      return [{ key: name, title, unit: 'us', reference: 'nginx', cells }]
    },
  }
}
