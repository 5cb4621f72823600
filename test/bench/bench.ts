/** What the rows of a run share: options, back ends, load, contestants. */
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../support/free-ports.ts'
import { type NginxBackend, startNginxBackend } from './backends/nginx-backend.ts'
import type { NodeBackendApi } from './backends/node-backend.ts'
import { type BenchFiles, writeBenchFiles } from './files.ts'
import type { GeneratorApi } from './load/generator.ts'
import type { BenchOptions } from './options.ts'
import type { BackendPorts, Peer, PeerPorts, PeerSetup } from './peers/peer.ts'
import { PROXY_CORE, type Running } from './processes.ts'
import { findFault } from './prove.ts'
import { type Remote, startRemote } from './remote.ts'

/** A proxy that runs and has been proven to answer correctly. */
export interface Contestant {
  readonly name: string
  readonly running: Running
  readonly ports: PeerPorts
  readonly setup: PeerSetup
}

export interface Bench {
  readonly options: BenchOptions
  readonly files: BenchFiles
  readonly static: NginxBackend
  readonly node: Remote<NodeBackendApi>
  readonly generator: Remote<GeneratorApi>
  readonly backends: BackendPorts
  /** Those that take part in every row, lyncgate first. */
  readonly contestants: Contestant[]
  /** Why a peer does not take part. */
  readonly missing: Map<string, string>
  say(text: string): void
  setUp(label: string, connections: number): Promise<PeerSetup>
  close(): Promise<void>
}

const READY_MS = 60_000
/** Enough for every row but the long polls. */
export const USUAL_CONNECTIONS = 128

export async function openBench(options: BenchOptions, say: Bench['say']): Promise<Bench> {
  const files = await writeBenchFiles()
  const [plain = 0, tls = 0, status = 0, node = 0] = await freePorts(4)
  const backends = { plain, tls, node }
  const own = files.own
  const bench: Bench = {
    options,
    files,
    backends,
    static: startNginxBackend(files, { plain, tls, status }),
    node: startRemote<NodeBackendApi>(
      new URL('backends/node-backend.ts', import.meta.url),
      [String(node), own.certificate, own.key],
      files.directory,
    ),
    generator: startRemote<GeneratorApi>(
      new URL('load/generator.ts', import.meta.url),
      [],
      files.directory,
    ),
    contestants: [],
    missing: new Map(),
    say,
    setUp: async (label, connections) => {
      const [one = 0, two = 0, three = 0, four = 0, health = 0] = await freePorts(5)
      // lyncgate tells the back ends apart by host and never shares a connection, so all ports of TLS are one.
      const isOne = label.startsWith('lyncgate')
      const [node, own] = isOne ? [two, two] : [three, four]
      const ports = { plain: one, tls: two, node, own, health }
      return { label, files, backends, ports, core: PROXY_CORE, connections }
    },
    close: async () => {
      await Promise.all(bench.contestants.map(({ running }) => running.stop()))
      await Promise.all(
        [bench.generator, bench.node, bench.static].map((each) => each.running.stop()),
      )
    },
  }
  await bench.node.call('ready', null)
  return bench
}

/** Starts a peer and proves it; says why when it cannot take part. */
export async function enter(
  bench: Bench,
  peer: Pick<Peer, 'name' | 'start'>,
  setup: PeerSetup,
): Promise<Contestant | string> {
  const running = peer.start(setup)
  const end = performance.now() + READY_MS
  let fault: string | undefined
  do {
    await sleep(150)
    if (running.child.exitCode !== null) return `does not start: ${running.complaint()}`
    fault = await findFault(bench.files, setup.ports)
  } while (fault?.includes('ECONNREFUSED') && performance.now() < end)
  if (fault === undefined) return { name: peer.name, running, ports: setup.ports, setup }
  await running.stop()
  return `answers wrongly: ${fault} ${running.complaint()}`
}
