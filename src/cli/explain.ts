/** `lyncgate explain FILE URL`: what a request to a URL gets, and why, from the very code that serves. */
import { parseArgs } from 'node:util'
import { failureOf } from '../base/failure.ts'
import { CertificateStore, type LoadedCertificate } from '../certificates/certificate-store.ts'
import { loadRules } from '../config/load.ts'
import type { ListenerRule } from '../config/rules.ts'
import { type Decision, decide } from '../pipeline/decide.ts'
import { canonicalPath } from '../policy/canonical-path.ts'
import { chooseServer } from '../pools/choose-server.ts'
import { ServerRegistry } from '../pools/server-registry.ts'
import { readHost } from '../routing/host.ts'
import { type Built, buildSnapshot } from '../runtime/build-snapshot.ts'
import { formatProblems } from './check.ts'
import { alignTable, type CommandIo, paint, printJson } from './output.ts'

export const explainUsage =
  'usage: lyncgate explain FILE URL [--method METHOD] [--client ADDRESS] [--listener NAME] [--json]\n'

interface Call {
  readonly file: string
  readonly url: string
  readonly method: string
  readonly client: string
  readonly listener: string | undefined
  readonly json: boolean
}

/** One line of the explanation; `step` is stable for scripts. */
export interface ExplainedStep {
  readonly step: string
  readonly says: string
}

export interface Explanation {
  readonly url: string
  /** What the client would get: `forward`, `redirect`, `failed` or `handshake-refused`. */
  readonly result: string
  readonly status: number | undefined
  readonly code: string | undefined
  readonly steps: readonly ExplainedStep[]
}

/** Resolves to the exit code: 0 explained, 1 the file cannot be used, 2 the call was wrong. */
export async function runExplain(args: readonly string[], io: CommandIo): Promise<number> {
  const call = readCall(args)
  if (typeof call === 'string') {
    io.stderr(`lyncgate explain: ${call}\n${explainUsage}`)
    return 2
  }
  const loaded = await loadRules(call.file)
  if (!loaded.ok) return refuse(call.file, loaded.error, io)
  const built = await buildSnapshot(loaded.value, {
    registry: new ServerRegistry(),
    revision: 0,
    now: new Date(),
  })
  if (!built.ok) return refuse(call.file, built.error, io)
  const explanation = explain(call, built.value)
  if (typeof explanation === 'string') {
    io.stderr(`lyncgate explain: ${explanation}\n${explainUsage}`)
    return 2
  }
  if (call.json) printJson(io, explanation)
  else
    io.stdout(
      alignTable(explanation.steps.map(({ step, says }) => [paint(io, 'bold', step), says])),
    )
  return 0
}

function refuse(
  file: string,
  problems: Parameters<typeof formatProblems>[1],
  io: CommandIo,
): number {
  io.stderr(formatProblems(file, problems, io))
  return 1
}

function readCall(args: readonly string[]): Call | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        method: { type: 'string', default: 'GET' },
        client: { type: 'string', default: '192.0.2.1' },
        listener: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [file, url, ...rest] = positionals
    if (!file || !url || rest.length > 0) return 'FILE and URL are needed'
    return { file, url, ...values, listener: values.listener }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

// Taken apart by hand: a URL parser would repair the very spelling that is asked about.
const URL_PARTS = /^(https?):\/\/([^/?#]+)(.*)$/is

/** The explanation of one URL, or what is wrong with the question. */
export function explain(call: Omit<Call, 'file' | 'json'>, built: Built): Explanation | string {
  const parts = URL_PARTS.exec(call.url)
  const host = parts && readHost(parts[2] as string)
  if (!parts || !host) return `"${call.url}" is not an http or https URL`
  const isTls = (parts[1] as string).toLowerCase() === 'https'
  const listener = findListener(built.rules.listeners, {
    name: call.listener,
    isTls,
    port: host.port,
  })
  if (!listener)
    return `no listener ${call.listener ? `"${call.listener}" ` : ''}speaks ${isTls ? 'HTTPS' : 'HTTP'}`
  const rest = parts[3] as string
  const target = rest.startsWith('/') ? rest : `/${rest}`
  const steps: ExplainedStep[] = []
  const say = (step: string, says: string): void => void steps.push({ step, says })

  say(
    'listener',
    `${listener.name} (${listener.address} port ${isTls ? listener.httpsPort : listener.httpPort}, ${isTls ? 'TLS' : 'plain HTTP'})`,
  )
  const question = {
    listener: listener.name,
    isTls,
    httpsPort: listener.httpsPort,
    host,
    method: call.method,
    target,
  }
  const decision = decide(question, built.snapshot)
  if (isTls) {
    const certificate = certificateFor(host.name, built.certificates)
    const isRefused = !certificate || decision.route?.https === 'refuse'
    say('certificate', isRefused ? 'none: the handshake ends with unrecognized_name' : certificate)
    if (isRefused)
      return {
        url: call.url,
        result: 'handshake-refused',
        status: undefined,
        code: undefined,
        steps,
      }
  }
  sayDecision(decision, target, say)
  if (decision.kind === 'forward') sayServer({ decision, call, isTls, built }, say)
  say('client gets', outcomeOf(decision))
  return {
    url: call.url,
    result: decision.kind,
    status:
      decision.kind === 'failed'
        ? failureOf(decision.code).status
        : decision.kind === 'redirect'
          ? 308
          : undefined,
    code: decision.kind === 'failed' ? decision.code : undefined,
    steps,
  }
}

interface ListenerQuestion {
  readonly name: string | undefined
  readonly isTls: boolean
  readonly port: number | undefined
}

function findListener(
  listeners: readonly ListenerRule[],
  { name, isTls, port }: ListenerQuestion,
): ListenerRule | undefined {
  const speaking = listeners.filter(
    (each) => (isTls ? each.httpsPort : each.httpPort) !== undefined,
  )
  if (name !== undefined) return speaking.find((each) => each.name === name)
  return speaking.find((each) => (isTls ? each.httpsPort : each.httpPort) === port) ?? speaking[0]
}

function certificateFor(
  name: string,
  certificates: readonly LoadedCertificate[],
): string | undefined {
  const found = certificates.find((each) => new CertificateStore([each], {}).lookup(name))
  return (
    found && `for ${found.names.join(', ')}, until ${found.notAfter.toISOString().slice(0, 10)}`
  )
}

function sayDecision(
  decision: Decision,
  target: string,
  say: (step: string, says: string) => void,
): void {
  const { route, policy } = decision
  say(
    'rule',
    route ? `${route.rule} (${route.kind}, HTTP ${route.http}, HTTPS ${route.https})` : 'none',
  )
  if (!policy) return
  const path = canonicalPath(target)
  const readings = path.ok
    ? [...new Set(path.readings.map(({ segments }) => `/${segments.join('/')}`))].join(', ')
    : `undecidable: ${path.reason}`
  say('path', readings)
  if (policy.kind === 'undecidable') return
  const { entry } = policy
  if (entry)
    say(
      'directory',
      `${entry.title}: ${entry.purpose}; ${entry.site}, sign-in: ${entry.authentication} [${entry.source}]`,
    )
  say('policy', `${policy.kind}: ${policy.because}`)
  if (policy.kind === 'serve' && policy.strictWouldRefuse)
    say('strict', `would refuse: ${policy.strictWouldRefuse}`)
}

interface ServerQuestion {
  readonly decision: Decision & { kind: 'forward' }
  readonly call: Pick<Call, 'client'>
  readonly isTls: boolean
  readonly built: Built
}

function sayServer(
  { decision, call, isTls, built }: ServerQuestion,
  say: (step: string, says: string) => void,
): void {
  const { pool } = decision.route
  const { timeouts } = built.rules
  const port = (server: { httpPort: number; httpsPort: number }): number =>
    isTls ? server.httpsPort : server.httpPort
  say(
    'pool',
    `${pool.name}: ${pool.servers.map((server) => `${server.address}:${port(server)}${server.isDraining ? ' (draining)' : ''}`).join(', ')} (affinity ${pool.affinity})`,
  )
  const choice = chooseServer(pool, {
    affinityKey: undefined,
    clientAddress: call.client,
    nowMs: 0,
  })
  if (!choice) return say('server', 'none: every server of the pool is draining')
  const why =
    pool.affinity === 'source'
      ? `by the address ${call.client}`
      : pool.servers.length === 1
        ? 'the only one'
        : 'least connections, for a client without affinity cookie'
  say('server', `${choice.server.address}:${port(choice.server)} (${why})`)
  if (isTls)
    say(
      'server name',
      `${choice.server.tls.serverName}${choice.server.tls.insecureSkipVerify ? ' (NOT verified)' : ''}`,
    )
  say('target', decision.target)
  say(
    'time-outs',
    `connect ${timeouts.connectMs} ms, silent server ${timeouts.responseMs} ms, silent upload ${timeouts.requestBodyMs} ms`,
  )
}

function outcomeOf(decision: Decision): string {
  if (decision.kind === 'forward') return "the server's answer"
  if (decision.kind === 'redirect') return `308 to ${decision.location}`
  return `${failureOf(decision.code).status} (${decision.code}: ${decision.because})`
}
