/** Bodies of 64 KB and 10 MB, down and up, TLS on both sides. */
import type { Bench, Contestant } from '../bench.ts'
import { HOST, LARGE_BYTES, MEDIUM_BYTES, NODE_HOST } from '../files.ts'
import { runWrk, type WrkLoad } from '../load/wrk.ts'
import { demand, inTurn, takeWindow } from '../measure.ts'
import { bytesWritten } from '../processes.ts'
import type { Series } from '../results.ts'
import type { Row } from './row.ts'

interface Body {
  readonly name: string
  readonly title: string
  readonly bytes: number
  readonly connections: number
}

const medium = { bytes: MEDIUM_BYTES, connections: 16 }
const large = { bytes: LARGE_BYTES, connections: 4 }

const down = 'nginx serves a file; the bytes it writes are counted (TLS adds two thousandths).'
const up = 'wrk sends, the Node back end counts the bytes that arrive.'

export const down64k = bodyRow(
  { name: 'down-64k', title: '64 KB down, TLS to TLS', ...medium },
  download,
  down,
)
export const down10m = bodyRow(
  { name: 'down-10m', title: '10 MB down, TLS to TLS', ...large },
  download,
  down,
)
export const up64k = bodyRow(
  { name: 'up-64k', title: '64 KB up, TLS to TLS', ...medium },
  upload,
  up,
)
export const up10m = bodyRow(
  { name: 'up-10m', title: '10 MB up, TLS to TLS', ...large },
  upload,
  up,
)

type Transfer = (bench: Bench, contestant: Contestant, body: Body) => Promise<number>

function bodyRow(body: Body, nsPerByte: Transfer, how: string): Row {
  const { name, title, bytes, connections } = body
  return {
    name,
    says: `${connections} connections that stay. ${how} Per request is per MB times the size.`,
    measure: async (bench): Promise<readonly Series[]> => {
      const perMegabyte = await inTurn(
        bench,
        bench.contestants,
        async (contestant) => (await nsPerByte(bench, contestant, body)) * 1000,
      )
      const perRequest = Object.entries(perMegabyte).map(([peer, cell]) => [
        peer,
        'rounds' in cell ? { rounds: cell.rounds.map((us) => (us * bytes) / 1e6) } : cell,
      ])
      const cells = Object.fromEntries(perRequest)
      const both = { unit: 'us', reference: 'nginx' } as const
      return [
        { key: name, title, ...both, cells },
        { key: `${name}-mb`, title: `${title}, per MB`, ...both, cells: perMegabyte },
      ]
    },
  }
}

function download(bench: Bench, contestant: Contestant, body: Body): Promise<number> {
  const url = `https://127.0.0.1:${contestant.ports.tls}/${body.bytes === LARGE_BYTES ? '10m' : '64k'}`
  const count = async (): Promise<number> => bytesWritten(bench.static.running.pid)
  return transfer(bench, contestant, { body, count, load: { url, host: HOST } })
}

function upload(bench: Bench, contestant: Contestant, body: Body): Promise<number> {
  const url = `https://127.0.0.1:${contestant.ports.node}/upload`
  const count = (): Promise<number> => bench.node.call('uploadedBytes', null)
  const load = { url, host: NODE_HOST, uploadBytes: body.bytes }
  return transfer(bench, contestant, { body, count, load })
}

interface Plan {
  readonly body: Body
  count(): Promise<number>
  readonly load: Pick<WrkLoad, 'url' | 'host' | 'uploadBytes'>
}

/** Nanoseconds for each byte. */
async function transfer(bench: Bench, contestant: Contestant, plan: Plan): Promise<number> {
  const { connections, bytes } = plan.body
  const { cpuNs, count } = await takeWindow(bench, contestant, {
    count: plan.count,
    warmCount: connections * bytes * 2,
    load: async (stop) => {
      const { directory } = bench.files
      const { errors } = await runWrk({ ...plan.load, directory, connections, stop })
      demand(errors === 0, `${errors} errors`)
    },
  })
  return cpuNs / count
}
