/** What a request to a URL gets, step by step. Decided by the function that serves; only the words are made here. */
import { type FailureCode, failureOf } from '../base/failure.ts'
import { type Decision, decide } from '../pipeline/decide.ts'
import { readHost } from '../routing/host.ts'
import type { Built } from '../runtime/build-snapshot.ts'
import { describeDecision } from './describe-decision.ts'
import {
  chooseListener,
  describeListener,
  describeProfile,
  findCertificate,
} from './describe-listener.ts'
import { describeServer } from './describe-server.ts'

export interface ExplainCall {
  readonly url: string
  readonly method: string
  readonly client: string
  readonly listener: string | undefined
}

/** One line of the explanation; `step` is stable for scripts. */
export interface ExplainedStep {
  readonly step: string
  readonly says: string
}

/** For people the steps, for scripts the rest; the keys are stable, and null stands for what is not there. */
export interface Explanation {
  readonly url: string
  /** What the client would get. */
  readonly result: 'forward' | 'redirect' | 'failed' | 'handshake-refused'
  /** Of the proxy's own answer; null: the server's answer, or none. */
  readonly status: number | null
  /** As `outcome` in the log. */
  readonly code: FailureCode | null
  readonly listener: string
  readonly rule: string | null
  readonly pool: string | null
  /** Address and port of the server that a client without affinity would get. */
  readonly server: string | null
  /** As the server would see it. */
  readonly target: string | null
  readonly location: string | null
  readonly steps: readonly ExplainedStep[]
}

// Taken apart by hand: a URL parser would repair the very spelling that is asked about.
const URL_PARTS = /^(https?):\/\/([^/?#\\]+)(.*)$/is

/** The explanation of one URL, or what is wrong with the question. */
export function explain(call: ExplainCall, built: Built): Explanation | string {
  const parts = URL_PARTS.exec(call.url)
  const host = parts && readHost(Buffer.from(parts[2] as string, 'utf8').toString('latin1'))
  if (!parts || !host) return `"${call.url}" is not an http or https URL`
  const isTls = (parts[1] as string).toLowerCase() === 'https'
  const { listeners } = built.rules
  const chosen = chooseListener(listeners, { name: call.listener, isTls, port: host.port })
  if (typeof chosen === 'string') return chosen
  const rest = escapeBeyondAscii(parts[3] as string)
  const target = rest.startsWith('/') ? rest : `/${rest}`
  const method = call.method.toUpperCase()
  const { name: listener, httpsPort } = chosen
  const decision =
    refusedAtOnce(method, target) ??
    decide({ listener, isTls, httpsPort, host, method, target }, built.snapshot)
  const steps: ExplainedStep[] = [describeListener(chosen, isTls, listeners)]
  if (isTls) steps.push(describeProfile(host, chosen, built))
  const certificate = isTls ? findCertificate(host, chosen, built) : undefined
  if (certificate) steps.push({ step: 'certificate', says: certificate.says })
  const nothing = {
    url: call.url,
    result: 'handshake-refused' as const,
    status: null,
    code: null,
    listener,
    rule: decision.route?.rule ?? null,
    pool: null,
    server: null,
    target: null,
    location: null,
    steps,
  }
  if (certificate?.isRefused) {
    steps.push({ step: 'client gets', says: 'a TLS error (unrecognized_name), no answer' })
    return nothing
  }
  steps.push(...describeDecision(decision, { target, isTls }))
  if (decision.kind === 'failed') {
    const { code } = decision
    const { status, advice } = failureOf(code)
    steps.push({ step: 'client gets', says: `${status} (${code}: ${decision.because})` })
    steps.push({ step: 'advice', says: advice.replace(': `lyncgate explain` says which', '') })
    return { ...nothing, result: 'failed', status, code }
  }
  if (decision.kind === 'redirect') {
    const { location } = decision
    steps.push({ step: 'client gets', says: `308 to ${location}` })
    return { ...nothing, result: 'redirect', status: 308, location }
  }
  const chosenServer = describeServer(decision, {
    asked: target,
    client: call.client,
    isTls,
    built,
  })
  steps.push(...chosenServer.steps)
  if (!chosenServer.isServed) {
    const code = 'backend-none-healthy'
    const { status } = failureOf(code)
    steps.push({ step: 'client gets', says: `${status} (${code})` })
    return { ...nothing, result: 'failed', status, code, pool: decision.route.pool.name }
  }
  steps.push({ step: 'client gets', says: "the server's answer" })
  return {
    ...nothing,
    result: 'forward',
    pool: decision.route.pool.name,
    server: chosenServer.server,
    target: decision.target,
  }
}

/** As browsers do it; the parser refuses such characters unescaped. Nothing else is touched. */
const escapeBeyondAscii = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, '\ufffd').replace(/\P{ASCII}/gu, encodeURIComponent)

/** What is refused before any rule is asked (src/pipeline/screen-request.ts, and the parser before it). */
function refusedAtOnce(method: string, target: string): Decision | undefined {
  const failed = (code: FailureCode, because: string): Decision => ({
    kind: 'failed',
    code,
    because,
    route: undefined,
    policy: undefined,
  })
  if (method === 'CONNECT' || method === 'TRACE')
    return failed('client-method-refused', `${method} is never forwarded`)
  for (let i = 0; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code <= 0x20 || code === 0x7f)
      return failed('client-malformed', 'a blank or control character is not HTTP; escape it')
  }
  return undefined
}
