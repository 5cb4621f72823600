/** `lyncgate run` as a process that obtains its certificates itself. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type PeerCertificate } from 'node:tls'
import type { Test } from 'tap'
import type { LogLine } from './collected-log.ts'
import { type Command, startCommand } from './command.ts'

export interface AcmeProxyOptions {
  /** Where its files are; the storage is `acme` below it unless `acme` says otherwise. */
  readonly directory: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly hosts: readonly string[]
  /** Keys of `acme`, as YAML on one line. */
  readonly acme: string
  /** More YAML at the top level. */
  readonly top?: string
}

export interface AcmeProxy extends Command {
  /** The rules file. */
  readonly file: string
  /** Resolves with the first log line that fits, also one that was written before the call. */
  line(fits: (line: AcmeLine) => boolean): Promise<AcmeLine>
  lines(): readonly AcmeLine[]
}

export type AcmeLine = LogLine & {
  readonly type?: string
  readonly detail?: string
  readonly hint?: string
  readonly notAfter?: string
  readonly nextTry?: string
  readonly failures?: number
  readonly trigger?: string
}

/** Writes the rules file and starts it; it is killed when the test is over. */
export async function startAcmeProxy(t: Test, options: AcmeProxyOptions): Promise<AcmeProxy> {
  const { directory, httpPort, httpsPort, hosts, acme, top = '' } = options
  const file = join(directory, `lyncgate-${httpPort}.yaml`)
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${httpPort}, https: ${httpsPort} }]
acme: { ${acme} }
pools:
  pool01: { product: other, servers: [127.0.0.1], health: { check: none } }
rules:
  - { name: Web, publish: anything, hosts: ${JSON.stringify(hosts)}, pool: pool01, http: redirect }
timeouts: { unready: 0s, drain: 1s }
${top}
`,
  )
  const command = startCommand(t, 'run', '--config', file)
  t.teardown(() => void process.stderr.write(command.stdout + command.stderr))
  const lines = (): readonly AcmeLine[] => linesOf(command.stdout)
  await command.until((stdout) => stdout.includes('"msg":"ready"'))
  return Object.assign(command, {
    file,
    lines,
    line: async (fits: (line: AcmeLine) => boolean) => {
      await command.until((stdout) => linesOf(stdout).some(fits))
      return lines().find(fits) as AcmeLine
    },
  })
}

const linesOf = (stdout: string): readonly AcmeLine[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((text) => JSON.parse(text) as AcmeLine)

export interface Handshake {
  /** The certificate, when it was verified against the roots. */
  readonly certificate: PeerCertificate | undefined
  /** Node's or OpenSSL's code. */
  readonly error: string | undefined
}

/** One handshake for a name, verified. Never rejects. */
export function shakeHands(port: number, servername: string, ca: string): Promise<Handshake> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername, ca })
    socket.on('secureConnect', () => {
      resolve({ certificate: socket.getPeerCertificate(), error: undefined })
      socket.end()
    })
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ certificate: undefined, error: error.code ?? error.message }),
    )
  })
}

/** Resolves with the first handshake whose certificate fits. */
export async function untilServed(
  port: number,
  host: string,
  { root, fits = () => true }: { root: string; fits?: (certificate: PeerCertificate) => boolean },
): Promise<PeerCertificate> {
  let found: PeerCertificate | undefined
  while (!found) {
    const { certificate } = await shakeHands(port, host, root)
    if (certificate && fits(certificate)) found = certificate
    else await sleep(50)
  }
  return found
}

/** What is in `state.json` of a storage. */
export interface StoredState {
  readonly names: Record<string, { failures: number; nextTryAt: number; renewAt?: number }>
}

export const readState = async (storage: string): Promise<StoredState> =>
  JSON.parse(await readFile(join(storage, 'state.json'), 'utf8')) as StoredState

/** As if the time until the next try were over. Only while no proxy uses the storage. */
export async function forgetWaiting(storage: string): Promise<void> {
  const state = await readState(storage)
  for (const name of Object.values(state.names)) name.nextTryAt = 0
  await writeFile(join(storage, 'state.json'), JSON.stringify(state))
}
