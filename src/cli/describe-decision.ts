/** The words of `lyncgate explain` for rule, path and policy. */
import type { Decision } from '../pipeline/decide.ts'
import { canonicalPath } from '../policy/canonical-path.ts'
import type { DirectoryEntry } from '../policy/catalogue.ts'
import { isPhonePath } from '../policy/plain-http.ts'
import type { Reading } from '../policy/read-path.ts'
import type { ExplainedStep } from './explanation.ts'

interface Asked {
  readonly target: string
  readonly isTls: boolean
}

/** Rule, what the port is for, readings of the path, directory, policy. */
export function describeDecision(decision: Decision, asked: Asked): readonly ExplainedStep[] {
  const { route, policy } = decision
  if (!route) return [{ step: 'rule', says: 'none' }]
  const steps: ExplainedStep[] = [
    { step: 'rule', says: `${route.rule} (publishes ${route.kind}, pool ${route.pool.name})` },
    { step: asked.isTls ? 'https' : 'http', says: describePort(decision, asked) },
  ]
  if (!policy) return steps
  steps.push(...describePath(asked.target))
  if (policy.kind === 'undecidable') return steps
  if (policy.entry) steps.push({ step: 'directory', says: describeEntry(policy.entry) })
  const verb = policy.kind === 'serve' ? 'served' : 'refused'
  steps.push({ step: 'policy', says: `${route.policy.mode}: ${verb}, ${policy.because}` })
  if (policy.kind === 'serve' && policy.strictWouldRefuse)
    steps.push({ step: 'strict', says: `would refuse: ${policy.strictWouldRefuse}` })
  if (decision.kind === 'failed' && decision.code === 'policy-virtual-patch')
    steps.push({ step: 'virtual patch', says: `refused, ${decision.because}` })
  return steps
}

function describePort({ route }: Decision, { target, isTls }: Asked): string {
  if (isTls) return route?.https === 'refuse' ? 'refused by the rule' : 'served'
  if (route?.phones && isPhonePath(canonicalPath(target)))
    return 'forwarded, for desk phones ("phones: true")'
  switch (route?.http) {
    case 'redirect':
      return 'redirected to HTTPS'
    case 'refuse':
      return 'refused by the rule'
    default:
      return 'forwarded as plain HTTP'
  }
}

/** A plain path needs no word; every other one shows what it may be read as. */
function describePath(target: string): readonly ExplainedStep[] {
  const path = canonicalPath(target)
  if (!path.ok) return [{ step: 'path', says: `cannot be understood: ${path.reason}` }]
  const readings = [...new Set(path.readings.map(describeReading))]
  return readings.map((says, at) => ({ step: at === 0 ? 'path' : 'or read as', says }))
}

function describeReading({ segments, hasDotSegments, isFolded }: Reading): string {
  const text = `/${segments.join('/')}`
  const remarks = [
    ...(hasDotSegments ? ['dot segments: every one of these names may come first'] : []),
    ...(isFolded ? ['letters that look alike'] : []),
  ]
  return remarks.length === 0 ? text : `${text} (${remarks.join('; ')})`
}

const SITES = {
  both: 'on the external and the internal site',
  external: 'on the external site',
  internal: 'on the internal site only',
}

const describeEntry = ({ title, purpose, site, authentication, source }: DirectoryEntry): string =>
  `${title}: ${purpose}; ${SITES[site]}; sign-in: ${authentication} [${source}]`
