/** The proxy in the test's own process, from the text of a rules file, on ports that the system chooses. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type LoadedRules, loadRules } from '../../src/config/load.ts'
import { type Authority, createAuthority } from '../../src/lab/authority.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { buildSnapshot } from '../../src/runtime/build-snapshot.ts'
import { Runtime } from '../../src/runtime/runtime.ts'
import { testAdminPort } from './ask-admin.ts'
import { collectLog, type LogLine } from './collected-log.ts'

export interface BackendAddress {
  readonly httpPort?: number
  readonly httpsPort?: number
  readonly address?: string
  readonly weight?: number
  readonly drain?: boolean
}

export interface TestProxyOptions {
  /** The servers of the one pool; plain HTTP goes to httpPort and TLS to httpsPort. */
  readonly servers?: readonly BackendAddress[]
  /** Hosts of the one rule; default lyncweb.contoso.com. */
  readonly hosts?: readonly string[]
  /** More YAML inside the pool, such as `affinity: none`. Each line without indentation. */
  readonly pool?: string
  /** The kind of the one rule; default web-services. */
  readonly publish?: string
  /** What plain HTTP does; default forward, so that tests can use either port. Null: the default of the kind. */
  readonly plainHttp?: string | null
  /** More YAML inside the rule. */
  readonly rule?: string
  /** More YAML at the top level, such as `timeouts: { response: 1s }`. */
  readonly top?: string
  /** A PEM file of roots for the pool; default the test's own authority. */
  readonly backendCa?: string
  readonly backendName?: string
  /** More YAML inside the listener. */
  readonly listener?: string
  /** The authority that signs the public certificate; default a new one. */
  readonly authority?: Authority
  /** Names of the public certificate; default the hosts. */
  readonly certificateNames?: readonly string[]
}

export interface TestProxy {
  readonly httpPort: number
  readonly httpsPort: number
  readonly authority: Authority
  /** PEM of the authority that signed the public certificate. */
  readonly ca: string
  readonly lines: readonly LogLine[]
  readonly proxy: Runtime
  /** Resolves with the first access line that fits, also one that was written before the call. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>
}

/** Starts the proxy and kills it when the test is over. */
export async function startTestProxy(t: Test, options: TestProxyOptions): Promise<TestProxy> {
  const authority = options.authority ?? (await createAuthority('Test Root'))
  const hosts = options.hosts ?? ['lyncweb.contoso.com']
  const certificate = await authority.issue({ names: options.certificateNames ?? hosts })
  const directory = t.testdir({
    'public.pem': certificate.certPem,
    'public.key': certificate.keyPem,
    'root.pem': options.backendCa ?? authority.certificatePem,
  })
  const file = join(directory, 'lyncgate.yaml')
  await writeFile(file, rulesText(options, hosts))
  const loaded = await loadRules(file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error, null, 2))
  return startLoaded(t, loaded.value, authority)
}

/** As `startTestProxy`, for rules that the test has loaded itself. */
export async function startLoaded(
  t: Test,
  loaded: LoadedRules,
  authority: Authority,
): Promise<TestProxy> {
  const { logger, lines, line } = collectLog('debug')
  const anyPort = withAnyPort(loaded)
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const built = await buildSnapshot(anyPort, scope)
  if (!built.ok) throw new Error(JSON.stringify(built.error, null, 2))
  const started = await Runtime.start(built.value, logger, {
    adminPort: (runtime) => testAdminPort(t, runtime, logger),
  })
  if (!started.ok) throw new Error(started.error.message)
  t.teardown(() => started.value.kill())
  const [ports] = started.value.ports
  return {
    httpPort: ports?.httpPort ?? 0,
    httpsPort: ports?.httpsPort ?? 0,
    authority,
    ca: authority.certificatePem,
    lines,
    proxy: started.value,
    line,
  }
}

function withAnyPort(loaded: LoadedRules): LoadedRules {
  const listeners = loaded.rules.listeners.map((listener) => ({
    ...listener,
    httpPort: listener.httpPort === undefined ? undefined : 0,
    httpsPort: listener.httpsPort === undefined ? undefined : 0,
  }))
  const health = loaded.rules.health && { ...loaded.rules.health, port: 0 }
  const admin = loaded.rules.admin && { ...loaded.rules.admin, port: 0 }
  const streams = loaded.rules.streams.map((stream) => ({ ...stream, port: 0 }))
  return { ...loaded, rules: { ...loaded.rules, listeners, health, admin, streams } }
}

function rulesText(options: TestProxyOptions, hosts: readonly string[]): string {
  const servers = options.servers ?? [{ httpPort: 9, httpsPort: 9 }]
  const indent = (text: string | undefined, by: string): string =>
    (text ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `${by}${line}\n`)
      .join('')
  return `version: 1
listeners:
  - name: internet
    address: 127.0.0.1
    http: 80
    https: 443
${indent(options.listener, '    ')}certificates: [{ cert: public.pem, key: public.key }]
pools:
  pool01:
    product: skype-se
    servers:
${servers
  .map(
    ({ address, httpPort, httpsPort, weight, drain }) =>
      `      - { address: "${address ?? '127.0.0.1'}", http: ${httpPort ?? 9}, https: ${httpsPort ?? 9}, weight: ${weight ?? 1}, drain: ${drain ?? false} }\n`,
  )
  .join('')}    tls: { ca: root.pem, serverName: ${options.backendName ?? 'pool01.contoso.local'} }
${healthLine(options)}${indent(options.pool, '    ')}rules:
  - name: Web services
    publish: ${options.publish ?? 'web-services'}
    hosts: ${JSON.stringify(hosts)}
    pool: pool01
${httpLine(options)}${indent(options.rule, '    ')}${options.top ?? ''}
`
}

/** Servers that record what arrives are not to be asked by checks, unless a test is about these. */
const healthLine = ({ pool = '' }: TestProxyOptions): string =>
  /^health:/m.test(pool) ? '' : '    health: { check: none }\n'

/** Plain HTTP reaches the servers in tests, unless one of them says what else it does. */
function httpLine({ rule = '', plainHttp = 'forward' }: TestProxyOptions): string {
  return plainHttp === null || /^http:/m.test(rule) ? '' : `    http: ${plainHttp}\n`
}
