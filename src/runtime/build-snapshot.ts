/** From valid rules to everything a snapshot needs. No side effect but reading files: a failure changes nothing. */
import { readFile } from 'node:fs/promises'
import { createSecureContext, getCACertificates, rootCertificates } from 'node:tls'
import { failed, ok, type Result } from '../base/result.ts'
import { type LoadedCertificate, loadCertificate } from '../certificates/certificate-store.ts'
import type { LoadedRules } from '../config/load.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import { writeKeyPath } from '../config/quote.ts'
import type { PoolRule } from '../config/rules.ts'
import type { ServerRegistry } from '../pools/server-registry.ts'
import { adviseOnRules } from './advise-on-rules.ts'
import { type Assembled, assemble } from './assemble.ts'
import type { Material } from './material.ts'
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
  const trusts = await readTrusts(loaded, problems)
  const secret = await readTicketSecret(rules.sessionTickets.secretFile)
  if (!secret.ok) {
    const where = ['sessionTickets', 'secret']
    problems.push(problemAt(loaded, where, { severity: 'error', ...secret.error }))
  }
  problems.push(...adviseOnRules(loaded, certificates, problemAt))
  if (!secret.ok || problems.some(({ severity }) => severity === 'error')) return failed(problems)
  const { revision } = scope
  const ticketSecret = secret.value
  const material: Material = { revision, rules, certificates, trusts, ticketSecret }
  return ok({ ...assemble(material, scope.registry), warnings: problems })
}

/** What `lyncgate check` adds to the checks of the file itself: everything the file refers to. */
export async function checkReferences(loaded: LoadedRules, scope: BuildScope): Promise<Problem[]> {
  const built = await buildSnapshot(loaded, scope)
  return built.ok ? [...built.value.warnings] : built.error
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
  for (const [index, rule] of loaded.rules.certificates.entries()) {
    const { certificate, troubles } = await loadCertificate(rule, now)
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
): Promise<ReadonlyMap<string, string>> {
  const trusts = new Map<string, string>()
  for (const rule of loaded.rules.pools)
    trusts.set(rule.name, await readRoots(loaded, rule, problems))
  return trusts
}

async function readRoots(
  loaded: LoadedRules,
  rule: PoolRule,
  problems: Problem[],
): Promise<string> {
  const { caFile } = rule.tls
  if (caFile === undefined) return systemRoots()
  const where = ['pools', rule.name, 'tls', 'ca']
  try {
    const pem = await readFile(caFile, 'utf8')
    createSecureContext({ ca: pem })
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code?.startsWith('E') && !code.startsWith('ERR')) {
      problems.push(
        problemAt(loaded, where, {
          severity: 'error',
          code: 'unreadable-file',
          message: `cannot read ${caFile} (${code})`,
          hint: 'check the path, and that the user lyncgate runs as may read it',
        }),
      )
      return ''
    }
  }
  problems.push(
    problemAt(loaded, where, {
      severity: 'error',
      code: 'not-a-certificate',
      message: `${caFile} holds no PEM certificate`,
      hint: 'export the root of the company CA as Base-64 (PEM)',
    }),
  )
  return ''
}

/** Mozilla's roots as Node ships them, and those of the machine or image. */
const systemRoots = (): string =>
  [...new Set([...rootCertificates, ...getCACertificates('system')])].join('\n')
