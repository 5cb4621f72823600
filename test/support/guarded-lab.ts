/** The stand-in deployment of a domain that locks accounts, behind a proxy with or without worker processes. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Lab, startLab } from '../../src/lab/lab.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { loadConfiguration } from '../../src/runtime/load-configuration.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { WorkerTraffic } from '../../src/workers/worker-traffic.ts'
import { testAdminPort } from './ask-admin.ts'
import { collectLog, type LogLine } from './collected-log.ts'
import { freePorts } from './free-ports.ts'
import type { GuesserTarget } from './guesser.ts'
import { REDIS_PASSWORD } from './real-redis.ts'

const script = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface GuardedLab {
  readonly lab: Lab
  readonly runtime: Runtime
  readonly lines: readonly LogLine[]
  line(fits: (line: LogLine) => boolean): Promise<LogLine>
  /** Where clients from an address connect to. */
  target(from?: string): Required<GuesserTarget>
}

export interface GuardedLabOptions {
  /** 0: the proxy serves in this process. */
  readonly workers: number
  /** More YAML at the top level of the rules file. */
  readonly top: string
  /** Default: the threshold of 10 of Microsoft's security baselines. */
  readonly threshold?: number
  /** The deployment of another proxy. */
  readonly lab?: Lab
}

/** Starts all of it, and ends it with the test. */
export async function startGuardedLab(
  t: Test,
  { workers, top, threshold = 10, lab: given }: GuardedLabOptions,
): Promise<GuardedLab> {
  const lab = given ?? (await startLab({ lockout: { threshold, windowMs: 30 * 60_000 } }))
  if (!given) t.teardown(() => lab.close())
  const [port = 0] = await freePorts(1)
  const { certPem, keyPem } = await lab.publicCertificate(['lyncweb.contoso.com'])
  const servers = lab.pool.map(
    ({ httpPort, httpsPort }) => `{ address: 127.0.0.1, http: ${httpPort}, https: ${httpsPort} }`,
  )
  const directory = t.testdir({
    [String(port)]: {
      'public.pem': certPem,
      'public.key': keyPem,
      'root.pem': lab.authority.certificatePem,
      'redis.password': `${REDIS_PASSWORD}\n`,
      'guard.secret': 'a secret of every replica of this test'.padEnd(40, '.'),
      'lyncgate.yaml': `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: ${port} }]
certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: skype-se
    servers: [${servers.join(', ')}]
    tls: { ca: root.pem, serverName: pool01.contoso.local }
    health: { check: none }
rules: [{ name: Web, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }]
${top}
`,
    },
  })
  const file = join(directory, String(port), 'lyncgate.yaml')
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const loaded = await loadConfiguration(file, scope)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error.problems, null, 2))
  const { logger, lines, line } = collectLog('info')
  const entry = { script, args: ['worker'], flags: () => [], output: 'ignore' } as const
  const traffic = workers > 0 && new WorkerTraffic({ logger, entry, countOf: () => workers })
  const started = await Runtime.start(loaded.value.built, logger, {
    ...(traffic && { traffic }),
    adminPort: (runtime) => testAdminPort(t, runtime, logger),
  })
  if (!started.ok) throw new Error(started.error.message)
  t.teardown(() => started.value.kill())
  const tls = { ca: lab.authority.certificatePem, serverName: 'lyncweb.contoso.com' }
  const target = (from = '127.0.0.1'): Required<GuesserTarget> => ({ port, from, tls })
  return { lab, runtime: started.value, lines, line, target }
}
