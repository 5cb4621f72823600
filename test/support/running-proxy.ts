/** `lyncgate run` as a process, in front of one server without TLS. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Command, startCommand } from './command.ts'
import { freePorts } from './free-ports.ts'

export interface RunningProxy extends Command {
  readonly httpPort: number
  readonly healthPort: number
  /** The rules file. */
  readonly file: string
  /** The status of /readyz at this moment. */
  readiness(): Promise<number>
}

/** Resolves when it is ready. @param top more YAML at the top level */
export async function startRunningProxy(
  t: Test,
  backendPort: number,
  timeouts: string,
  more: { readonly top?: string; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<RunningProxy> {
  const [httpPort = 0, healthPort = 0] = await freePorts(2)
  const file = join(t.testdir({ ...more.files }), 'lyncgate.yaml')
  // Secrets among them must not be readable by everybody.
  for (const name of Object.keys(more.files ?? {})) await chmod(join(file, '..', name), 0o600)
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${httpPort} }]
pools:
  pool01:
    product: other
    servers: [{ address: 127.0.0.1, http: ${backendPort}, https: ${backendPort} }]
rules:
  - { name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }
health: { address: 127.0.0.1, port: ${healthPort} }
timeouts: { ${timeouts} }
${more.top ?? 'workers: 1'}
`,
  )
  const command = startCommand(t, 'run', '--config', file)
  await command.until((stdout) => stdout.includes('"msg":"ready"'))
  const readiness = async (): Promise<number> =>
    (await fetch(`http://127.0.0.1:${healthPort}/readyz`)).status
  // Assigned, not spread: the outputs are read as they grow.
  return Object.assign(command, { httpPort, healthPort, file, readiness })
}
