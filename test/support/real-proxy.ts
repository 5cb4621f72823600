/** lyncgate as its users run it: the command, a rules file, signals. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { freePorts } from './free-ports.ts'
import { type Apache, poolName } from './real-apache.ts'
import { publicName } from './real-kdc.ts'
import { startProgram, waitUntil } from './real-process.ts'

/** A running proxy. */
export interface Proxy {
  readonly httpPort: number
  readonly httpsPort: number
  /** Trust for the certificate of the published name. */
  readonly caFile: string
  /** What it has logged so far; a line that is not JSON becomes `{ unreadable: line }`. */
  logs(): readonly unknown[]
  /** Ends it: SIGTERM as a service manager would, or the signal given. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

const main = join(dirname(fileURLToPath(import.meta.url)), '../../src/main.ts')

/**
 * Starts the proxy with a rules file and waits until it is ready. The text holds `pools`, `rules` and
 * whatever else the test is about; listeners, certificate and health port are put before it, and, where
 * the text sets no timeouts, a quick end.
 * @param listener more keys of the listener
 */
export async function startProxy(
  t: Test,
  rulesFileText: string,
  listener = 'proxyProtocol: off',
): Promise<Proxy> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-proxy-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [httpPort = 0, httpsPort = 0, healthPort = 0] = await freePorts(3)
  const authority = await createAuthority('Public test authority')
  const { certPem, keyPem } = await authority.issue({ names: [publicName] })
  const preamble = `version: 1
listeners:
  - { name: test, address: 127.0.0.1, http: ${httpPort}, https: ${httpsPort}, ${listener} }
certificates:
  - { cert: public.crt, key: public.key }
health: { address: 127.0.0.1, port: ${healthPort} }
workers: 1
${/^timeouts:/m.test(rulesFileText) ? '' : 'timeouts: { unready: 0s, drain: 1s }'}
`
  await writeFile(join(directory, 'public.crt'), certPem)
  await writeFile(join(directory, 'public.key'), keyPem, { mode: 0o600 })
  await writeFile(join(directory, 'ca.crt'), authority.certificatePem)
  await writeFile(join(directory, 'rules.yaml'), preamble + rulesFileText)

  const running = startProgram({
    program: process.execPath,
    args: [main, 'run', '--config', join(directory, 'rules.yaml')],
  })
  t.teardown(() => running.stop())
  await waitUntil('the proxy is ready', async () => {
    if (running.hasEnded()) {
      const { stdout, stderr } = await running.ended
      throw new Error(`the proxy ended: ${stdout}${stderr}`)
    }
    return isReady(healthPort)
  })
  return {
    httpPort,
    httpsPort,
    caFile: join(directory, 'ca.crt'),
    logs: () => running.stdout().split('\n').slice(0, -1).map(readLine),
    stop: running.stop,
  }
}

/** Rules that publish all of an Apache fixture under the public name, plain and encrypted. */
export function publishApache(apache: Apache): string {
  const { httpPort: http, httpsPort: https } = apache
  return publishServer({ http, https }, `tls: { ca: ${apache.caFile}, serverName: ${poolName} }`)
}

/** Rules that publish whatever listens on these ports; `more` is a line of the pool. */
export function publishServer(ports: { http: number; https: number }, more = ''): string {
  return `pools:
  web:
    product: other
    servers: [{ address: 127.0.0.1, http: ${ports.http}, https: ${ports.https} }]
    ${more}
rules:
  - { name: Everything, publish: anything, hosts: [${publicName}], pool: web, http: forward }
`
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
  } catch {
    return false
  }
}

function readLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return { unreadable: line }
  }
}
