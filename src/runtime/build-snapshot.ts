/** From valid rules to everything a snapshot needs. No side effect but reading files: a failure changes nothing. */
import { failed, ok, type Result } from '../base/result.ts'
import type { LoadedCertificate } from '../certificates/certificate.ts'
import { loadCertificate } from '../certificates/load-certificate.ts'
import type { LoadedRules } from '../config/load.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import { writeKeyPath } from '../config/quote.ts'
import type { ServerRegistry } from '../pools/server-registry.ts'
import { adviseOnRules } from './advise-on-rules.ts'
import { type Assembled, assemble } from './assemble.ts'
import { type BackendTrust, readBackendTrust } from './backend-trust.ts'
import { describeStapling } from './describe-stapling.ts'
import type { Material } from './material.ts'
import { findOpenSecrets } from './open-secrets.ts'
import { describeAcme, readAcme } from './read-acme.ts'
import { readAdmin } from './read-admin.ts'
import { readShared } from './read-shared.ts'
import { readTicketSecret } from './ticket-secret.ts'

/** A configuration that could be adopted at once, and what was noticed while building it. */
export interface Built extends Assembled {
  readonly warnings: readonly Problem[]
}

export interface BuildScope {
  readonly registry: ServerRegistry
  readonly revision: number
  readonly now: Date
}

/** Builds everything that can fail. The error holds every problem found, with its place in the file. */
export async function buildSnapshot(
  loaded: LoadedRules,
  scope: BuildScope,
): Promise<Result<Built, Problem[]>> {
  const { rules } = loaded
  const problems: Problem[] = []
  const certificates = await readCertificates(loaded, problems, scope.now)
  const trusts = await readTrusts(loaded, problems, scope.now)
  const acme = await readAcme(loaded, certificates, scope.now)
  problems.push(...acme.problems.map(({ where, ...rest }) => problemAt(loaded, where, rest)))
  certificates.push(...acme.certificates)
  const secret = await readTicketSecret(rules.sessionTickets.secretFile)
  if (!secret.ok) {
    const where = ['sessionTickets', 'secret']
    problems.push(problemAt(loaded, where, { severity: 'error', ...secret.error }))
  }
  for (const { where, rest } of await findOpenSecrets(rules))
    problems.push(problemAt(loaded, where, rest))
  const admin = rules.admin && (await readAdmin(rules.admin, scope.now))
  for (const { path, rest } of admin?.problems ?? []) problems.push(problemAt(loaded, path, rest))
  const { shared: sharedRule, mode } = rules.signInGuard
  const shared = sharedRule && mode !== 'off' ? await readShared(sharedRule) : undefined
  for (const { path, rest } of shared?.problems ?? []) problems.push(problemAt(loaded, path, rest))
  problems.push(...adviseOnRules(loaded, { certificates, acmeNames: acme.names }, problemAt))
  if (!secret.ok || problems.some(({ severity }) => severity === 'error')) return failed(problems)
  const { revision, now: readAt } = scope
  const ticketSecret = secret.value
  const acmeNames = acme.names
  const material: Material = {
    revision,
    readAt,
    rules,
    certificates,
    acmeNames,
    trusts,
    ticketSecret,
  }
  const assembled = assemble(material, scope.registry)
  const sharedCounts = shared?.settings
  return ok({ ...assembled, admin: admin?.access, sharedCounts, warnings: problems })
}

/** What `lyncgate check` adds to the checks of the file itself: everything the file refers to. */
export async function checkReferences(
  loaded: LoadedRules,
  scope: BuildScope,
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly string[] }> {
  const built = await buildSnapshot(loaded, scope)
  if (!built.ok) return { problems: built.error, notes: [] }
  const notes = [...describeAcme(built.value), ...describeStapling(built.value)]
  return { problems: built.value.warnings, notes }
}

function problemAt(
  loaded: LoadedRules,
  where: KeyPath,
  rest: Pick<Problem, 'severity' | 'code' | 'message' | 'hint'>,
): Problem {
  return { ...loaded.locate(where), where: writeKeyPath(where), ...rest }
}

async function readCertificates(
  loaded: LoadedRules,
  problems: Problem[],
  now: Date,
): Promise<LoadedCertificate[]> {
  const certificates: LoadedCertificate[] = []
  const use = { purpose: 'server', isStapled: loaded.rules.ocspStapling === 'on' } as const
  for (const [index, rule] of loaded.rules.certificates.entries()) {
    const { certificate, troubles } = await loadCertificate(rule, now, use)
    if (certificate) certificates.push(certificate)
    for (const { file, ...trouble } of troubles) {
      problems.push(problemAt(loaded, ['certificates', index, file], trouble))
    }
  }
  return certificates
}

async function readTrusts(
  loaded: LoadedRules,
  problems: Problem[],
  now: Date,
): Promise<ReadonlyMap<string, BackendTrust>> {
  const trusts = new Map<string, BackendTrust>()
  for (const rule of loaded.rules.pools) {
    const trust = await readBackendTrust(rule, now, (where, trouble) =>
      problems.push(problemAt(loaded, where, trouble)),
    )
    trusts.set(rule.name, trust)
  }
  return trusts
}
