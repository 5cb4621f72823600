/** The proxy in the test's own process with streams, and servers and clients for them. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { LocalTraffic } from '../../src/runtime/local-traffic.ts'
import type { StreamCounts } from '../../src/streams/stream-outcome.ts'
import type { LogLine } from './collected-log.ts'
import { type RulesProxy, startRulesProxy } from './rules-proxy.ts'

export interface StreamProxy extends RulesProxy {
  streamPort(name: string): number
  counts(name: string): StreamCounts
  /** The line of the nth connection (from 1) of a stream. */
  streamLine(name: string, nth?: number): Promise<LogLine>
}

/** @param streams the section of the rules file, one entry per line: `{ name: SIP, listen: 1, servers: [...] }` */
export async function startStreamProxy(
  t: Test,
  streams: readonly string[],
  top = '',
): Promise<StreamProxy> {
  const proxy = await startRulesProxy(t, {
    names: ['lyncweb.contoso.com'],
    rules: `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: 80 }]
pools: { web: { product: other, servers: [127.0.0.1], health: { check: none } } }
rules: [{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: web, http: forward }]
streams:
${streams.map((each) => `  - ${each}\n`).join('')}${top}
`,
  })
  const { traffic } = proxy.proxy
  if (!(traffic instanceof LocalTraffic)) throw new Error('served elsewhere')
  const linesOf = (name: string): LogLine[] =>
    proxy.lines.filter((line) => line.msg === 'stream' && line.stream === name)
  return {
    ...proxy,
    streamPort: (name) => proxy.proxy.ports.find((each) => each.name === name)?.streamPort ?? 0,
    counts: (name) => {
      const counts = traffic.streams.counts.get(name)
      if (!counts) throw new Error(`there is no stream ${name}`)
      return counts
    },
    streamLine: (name, nth = 1) => proxy.line((line) => line === linesOf(name)[nth - 1]),
  }
}

/** An entry of `streams` on 127.0.0.1; `more` is YAML such as `idle: 1s`. */
export const streamEntry = (name: string, ports: readonly number[], more = ''): string =>
  `{ name: ${name}, listen: ${nextPort()}, address: 127.0.0.1, servers: [${ports
    .map((port) => `"127.0.0.1:${port}"`)
    .join(', ')}]${more === '' ? '' : `, ${more}`}, health: { check: none } }`

/** Ports of the file only have to differ: the proxy opens ones of the system's choice. */
let last = 40_000
const nextPort = (): number => ++last

export interface StreamServer {
  readonly port: number
  readonly sockets: readonly Socket[]
  /** The nth connection (from 1), also one that came before. */
  connection(nth?: number): Promise<Socket>
  readonly server: Server
}

/** A server that keeps its half open, and leaves what comes to the test. */
export async function startStreamServer(
  t: Test,
  onConnection: (socket: Socket) => void = () => {},
  port = 0,
): Promise<StreamServer> {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
    onConnection(socket)
    server.emit('taken')
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    sockets,
    server,
    connection: async (nth = 1) => {
      while (sockets.length < nth) await once(server, 'taken')
      return sockets[nth - 1] as Socket
    },
  }
}

/** A client that keeps its half open. One that is refused at once comes back broken. */
export async function connectClient(t: Test, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  t.teardown(() => void socket.destroy())
  await new Promise((resolve) => {
    socket.once('connect', resolve)
    socket.once('close', resolve)
  })
  return socket
}

/** All that comes until the other side ends. Resolves also when it breaks. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.resume()
  await new Promise((resolve) => {
    socket.once('end', resolve)
    socket.once('close', resolve)
  })
  return Buffer.concat(chunks)
}

/** Resolves with the first bytes. */
export async function readSome(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  return bytes.toString('latin1')
}

export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) return resolve()
    socket.resume()
    socket.once('close', () => resolve())
  })
