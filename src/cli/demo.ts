/** `lyncgate demo`: a stand-in Lync deployment and the proxy in front of it, with what to try. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readTokenFile, tokenPath } from '../admin/token-file.ts'
import { type Lab, startLab } from '../lab/lab.ts'
import { createLogger } from '../observe/logger.ts'
import { ProcessMetrics } from '../observe/metrics/process-metrics.ts'
import { productVersion } from '../observe/product-version.ts'
import { ServerRegistry } from '../pools/server-registry.ts'
import { loadConfiguration } from '../runtime/load-configuration.ts'
import { Reloader } from '../runtime/reload.ts'
import { Runtime } from '../runtime/runtime.ts'
import { adminOfRun } from './admin-of-run.ts'
import { formatProblems } from './check.ts'
import { demoText } from './demo-text.ts'
import type { CommandIo } from './output.ts'

export const demoUsage =
  'usage: lyncgate demo [--http PORT] [--https PORT] [--health PORT] [--admin PORT] [--address IP]\n'

export interface DemoPorts {
  readonly address: string
  readonly http: number
  readonly https: number
  readonly health: number
  /** On loopback, whatever the address of the others is. */
  readonly admin: number
}

export const DEMO_NAMES = {
  webServices: 'lyncweb.contoso.com',
  meet: 'meet.contoso.com',
  dialin: 'dialin.contoso.com',
  autodiscover: 'lyncdiscover.contoso.com',
} as const

/** Resolves to the exit code when a signal ends the demo: 0 ended, 1 a port is taken, 2 the call was wrong. */
export async function runDemo(args: readonly string[], io: CommandIo): Promise<number> {
  const ports = readCall(args)
  if (typeof ports === 'string') {
    io.stderr(`lyncgate demo: ${ports}\n${demoUsage}`)
    return 2
  }
  io.stdout(
    'Starting two Front Ends, a Director and their certification authority on loopback ...\n',
  )
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-demo-'))
  const lab = await startLab({
    publishedHttpsPort: ports.https,
    webServicesHost: DEMO_NAMES.webServices,
  })
  try {
    const file = await writeDemoFiles(directory, lab, ports)
    return await serve(file, { lab, ports, directory, io })
  } finally {
    await lab.close()
    await rm(directory, { recursive: true, force: true })
  }
}

interface Demo {
  readonly lab: Lab
  readonly ports: DemoPorts
  readonly directory: string
  readonly io: CommandIo
}

async function serve(file: string, { lab, ports, directory, io }: Demo): Promise<number> {
  const registry = new ServerRegistry()
  const now = (): Date => new Date()
  const loaded = await loadConfiguration(file, { registry, revision: 1, now: now() })
  if (!loaded.ok) throw new Error(formatProblems(file, loaded.error.problems, io))
  const { logger, flush } = createLogger({ level: 'info' })
  const metrics = new ProcessMetrics({ worker: '0', version: productVersion() })
  const admin = adminOfRun({ file, logger, metrics, directories: [directory] })
  const started = await Runtime.start(loaded.value.built, logger, { adminPort: admin.adminPort })
  if (!started.ok) {
    const others = '--http, --https, --health and --admin choose other ports'
    io.stderr(`lyncgate demo: ${started.error.message}; ${others}\n`)
    return 1
  }
  const runtime = started.value
  const reloader = await Reloader.start(
    { file, runtime, registry, logger, now },
    loaded.value.digest,
  )
  admin.reloadBy(reloader)
  io.stdout(
    demoText({
      ports,
      adminToken: (await readTokenFile(tokenPath(directory, ports.admin))) ?? '',
      caFile: join(directory, 'root.pem'),
      rulesFile: file,
      users: lab.users,
    }),
  )
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
  reloader.stop()
  await runtime.kill()
  await flush()
  return 0
}

function readCall(args: readonly string[]): DemoPorts | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        http: { type: 'string', default: '8080' },
        https: { type: 'string', default: '8443' },
        health: { type: 'string', default: '8081' },
        admin: { type: 'string', default: '9090' },
        address: { type: 'string', default: '127.0.0.1' },
      },
    })
    const ports = {
      http: Number(values.http),
      https: Number(values.https),
      health: Number(values.health),
      admin: Number(values.admin),
    }
    const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65535
    if (!Object.values(ports).every(isPort)) return 'a port is a number from 1 to 65535'
    return { ...ports, address: values.address }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The demo runs from a rules file like any other, so that it can be read and copied. */
async function writeDemoFiles(directory: string, lab: Lab, ports: DemoPorts): Promise<string> {
  const certificate = await lab.publicCertificate(Object.values(DEMO_NAMES))
  const files = {
    'root.pem': lab.authority.certificatePem,
    'public.pem': certificate.certPem,
    'public.key': certificate.keyPem,
    'lyncgate.yaml': demoRules(lab, ports),
  }
  for (const [name, text] of Object.entries(files))
    await writeFile(join(directory, name), text, { mode: 0o600 })
  return join(directory, 'lyncgate.yaml')
}

function demoRules(lab: Lab, ports: DemoPorts): string {
  const serverLine = ({
    address,
    httpPort,
    httpsPort,
  }: {
    address: string
    httpPort: number
    httpsPort: number
  }) => `      - { address: ${address}, http: ${httpPort}, https: ${httpsPort} }`
  return `# The rules file of lyncgate demo.
version: 1
sipDomains: [contoso.com]

listeners:
  - { name: internet, address: "${ports.address}", http: ${ports.http}, https: ${ports.https} }

certificates:
  - { cert: public.pem, key: public.key }

pools:
  pool01:
    product: skype-se
    servers:
${lab.pool.map(serverLine).join('\n')}
    tls: { ca: root.pem, serverName: pool01.contoso.local }
  director:
    product: skype-se
    servers:
${serverLine(lab.director)}
    tls: { ca: root.pem, serverName: dir01.contoso.local }

rules:
  - { name: Web services, publish: web-services, hosts: [${DEMO_NAMES.webServices}], pool: pool01 }
  - { name: Meetings, publish: meet, hosts: ["meet.{sipDomain}"], pool: director }
  - { name: Dial-in, publish: dialin, hosts: [${DEMO_NAMES.dialin}], pool: director }
  - { name: Autodiscover, publish: autodiscover, hosts: ["lyncdiscover.{sipDomain}"], pool: director }

health: { address: "${ports.address}", port: ${ports.health} }
admin: { port: ${ports.admin} }
`
}
