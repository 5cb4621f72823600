/** `lyncgate run` as a process that obtains its certificates itself. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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
