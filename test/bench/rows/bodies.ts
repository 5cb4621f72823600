/** Bodies of 64 KB and 10 MB, down and up, TLS on both sides. */
import type { Bench } from '../bench.ts'
import { HOST, LARGE_BYTES, MEDIUM_BYTES, MEGABYTE, NODE_HOST } from '../files.ts'
import { bytesWritten } from '../processes.ts'
import type { Series } from '../results.ts'
import { type Turns, takeTurns, type WarmUp } from '../turns.ts'
import { inMicroseconds, type Row } from './row.ts'

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

type Transfer = (bench: Bench, body: Body) => Pick<Turns, 'turns' | 'count'>

function bodyRow(body: Body, transfer: Transfer, how: string): Row {
  const { name, title, bytes, connections } = body
  return {
    name,
    says: `${connections} connections that stay. ${how} Per request is per MB times the size.`,
    measure: async (bench): Promise<readonly Series[]> => {
      const { bodyRounds: rounds } = bench.options
      const plan = { ...transfer(bench, body), connections, least: bytes, rounds }
      const perByte = await takeTurns(bench, plan)
      const both = { unit: 'us', reference: 'nginx' } as const
      return [
        { key: name, title, ...both, cells: inMicroseconds(perByte, bytes) },
        {
          ...{ key: `${name}-mb`, title: `${title}, per MB`, ...both },
          cells: inMicroseconds(perByte, MEGABYTE),
        },
      ]
    },
  }
}

function download(bench: Bench, body: Body): Pick<Turns, 'turns' | 'count'> {
  const path = body.bytes === LARGE_BYTES ? '10m' : '64k'
  const turns = bench.contestants.map((shape) => {
    const url = `https://127.0.0.1:${shape.ports.tls}/${path}`
    return { shape, load: { url, host: HOST }, warmUp: warmUpOf(bench) }
  })
  return { turns, count: async () => bytesWritten(bench.static.running.pid) }
}

function upload(bench: Bench, body: Body): Pick<Turns, 'turns' | 'count'> {
  const turns = bench.contestants.map((shape) => {
    const url = `https://127.0.0.1:${shape.ports.node}/upload`
    const load = { url, host: NODE_HOST, uploadBytes: body.bytes }
    return { shape, load, warmUp: warmUpOf(bench) }
  })
  return { turns, count: () => bench.node.call('uploadedBytes', null) }
}

const warmUpOf = ({ options }: Bench): WarmUp => ({
  count: Number.POSITIVE_INFINITY,
  ms: options.warmUp.bodyMs,
})
