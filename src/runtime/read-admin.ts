/** Reads what protects the admin address: the token and the certificate. Every trouble is a problem with its place. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { failed, ok, type Result } from '../base/result.ts'
import type { LoadedCertificate } from '../certificates/certificate.ts'
import { loadCertificate } from '../certificates/load-certificate.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import type { AdminRule } from '../config/rules.ts'

/** What protects the admin address. It stays in the process that has the address: workers need none of it. */
export interface AdminAccess {
  /** Undefined: the file names none. */
  readonly token: string | undefined
  /** Undefined: plain HTTP. */
  readonly certificate: LoadedCertificate | undefined
}

/** A problem but for its line and column. */
export interface AdminProblem {
  readonly path: KeyPath
  readonly rest: Pick<Problem, 'severity' | 'code' | 'message' | 'hint'>
}

export interface AdminRead {
  readonly access: AdminAccess
  readonly problems: readonly AdminProblem[]
}

export async function readAdmin(rule: AdminRule, now: Date): Promise<AdminRead> {
  const problems: AdminProblem[] = []
  let token: string | undefined
  if (rule.tokenFile !== undefined) {
    const read = await readToken(rule.tokenFile)
    if (read.ok) token = read.value
    else problems.push({ path: ['admin', 'token'], rest: { severity: 'error', ...read.error } })
  }
  const use = { purpose: 'server', isStapled: false } as const
  const loaded = rule.tls && (await loadCertificate(rule.tls, now, use))
  for (const { file, ...rest } of loaded?.troubles ?? [])
    problems.push({ path: ['admin', 'tls', file], rest })
  return { access: { token, certificate: loaded?.certificate }, problems }
}

/** As long as what 32 random characters say; whoever may guess ten times a second never finds it. */
const LEAST_CHARACTERS = 32
const MOST_BYTES = 4096

type TokenTrouble = Required<Pick<Problem, 'code' | 'message' | 'hint'>>

/** The token in a file, blanks around it taken off. */
export async function readToken(path: string): Promise<Result<string, TokenTrouble>> {
  let file: FileHandle | undefined
  try {
    // A pipe would wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = await file.stat()
    if (!status.isFile()) return failed(unreadable(path, 'no file'))
    if (status.mode & 0o007) {
      return failed({
        code: 'token-for-everybody',
        message: `${path} may be read or changed by every user of this machine`,
        hint: `chmod 640 ${path}, and let lyncgate's user or group own it`,
      })
    }
    const buffer = Buffer.alloc(MOST_BYTES + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    const token = buffer.toString('utf8', 0, bytesRead).trim()
    if (bytesRead <= MOST_BYTES && /^[\x21-\x7e]*$/.test(token) && token.length >= LEAST_CHARACTERS)
      return ok(token)
    return failed({
      code: 'weak-token',
      message: `${path} holds no token of ${LEAST_CHARACTERS} characters or more without blanks`,
      hint: `openssl rand -hex 32 > ${path}`,
    })
  } catch (error) {
    return failed(unreadable(path, (error as NodeJS.ErrnoException).code ?? 'unknown'))
  } finally {
    await file?.close()
  }
}

const unreadable = (path: string, why: string): TokenTrouble => ({
  code: 'unreadable-file',
  message: `cannot read ${path} (${why})`,
  hint: 'check the path, and that the user lyncgate runs as may read it',
})
