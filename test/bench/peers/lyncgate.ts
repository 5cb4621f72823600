/** lyncgate as `lyncgate run` starts it: a primary and its workers, both counted. */
import { readFileSync } from 'node:fs'
import { BACKEND_NAME, HOST, NODE_HOST, writeIn } from '../files.ts'
import { launch, type Running } from '../processes.ts'
import type { Peer, PeerSetup } from './peer.ts'

const main = new URL('../../../src/main.ts', import.meta.url).pathname
const manifest = new URL('../../../package.json', import.meta.url)

/** What some rows have otherwise. */
export interface LyncgateVariant {
  readonly workers?: number
  /** Rules that are there beside the two that are used. */
  readonly moreRules?: readonly string[]
  readonly logLevel?: 'error' | 'info'
  readonly onLine?: (line: string) => void
}

export const lyncgate: Peer = {
  name: 'lyncgate',
  debianPackage: '',
  version: async () => (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version,
  start: (setup) => startLyncgate(setup, {}),
}

export function startLyncgate(setup: PeerSetup, variant: LyncgateVariant): Running {
  const { core, files } = setup
  const config = writeIn(files.directory, `${setup.label}.yaml`, lyncgateRules(setup, variant))
  return launch({
    core,
    command: process.execPath,
    args: [main, 'run', '--config', config],
    directory: files.directory,
    ...(variant.onLine && { onLine: variant.onLine }),
  })
}

/** The rules file. `remark` changes its bytes and its meaning a little, for reloads. */
export function lyncgateRules(setup: PeerSetup, variant: LyncgateVariant, remark = 0): string {
  const { files, backends, ports } = setup
  const pool = (name: string, http: number, https: number): string =>
    `  ${name}: { product: other, affinity: none, health: { check: none }, servers: [{ address: 127.0.0.1, http: ${http}, https: ${https} }], tls: { ca: root.pem, serverName: ${BACKEND_NAME} } }\n`
  const rule = (name: string, host: string, to: string): string =>
    `  - { name: ${name}, publish: anything, hosts: [${host}], pool: ${to}, http: forward }\n`
  return `version: 1
listeners: [{ name: bench, address: 127.0.0.1, http: ${ports.plain}, https: ${ports.tls} }]
certificates: [{ cert: ${files.own.certificate}, key: ${files.own.key} }]
pools:
${pool('pool01', backends.plain, backends.tls)}${pool('node', backends.plain, backends.node)}rules:
${(variant.moreRules ?? []).map((host, at) => rule(`Other ${at}`, host, 'pool01')).join('')}${rule('Bench', HOST, 'pool01')}${rule('Node', NODE_HOST, 'node')}workers: ${variant.workers ?? 1}
limits: { connections: 20000, connectionsPerClient: 20000 }
timeouts: { connect: ${5000 + (remark % 2)}ms, drain: 0s, unready: 0s }
log: { level: ${variant.logLevel ?? 'error'}, access: off }
health: { address: 127.0.0.1, port: ${ports.health} }
`
}
