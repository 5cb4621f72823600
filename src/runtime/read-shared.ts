/** Reads what lyncgate needs to count sign-ins together with others. Every trouble is a problem with its place. */
import { readFile } from 'node:fs/promises'
import type { SharedCountsRule } from '../config/guard-rule.ts'
import type { KeyPath, Problem } from '../config/problem.ts'
import type { RedisSettings } from '../guard/redis-store.ts'

export interface SharedProblem {
  readonly path: KeyPath
  readonly rest: Pick<Problem, 'severity' | 'code' | 'message' | 'hint'>
}

export interface SharedRead {
  /** Undefined where there is a problem. */
  readonly settings: RedisSettings | undefined
  readonly problems: readonly SharedProblem[]
}

/** As much as HMAC-SHA-256 can use. */
const LEAST_SECRET_BYTES = 32
const MOST_BYTES = 1_048_576

export async function readShared(rule: SharedCountsRule): Promise<SharedRead> {
  const problems: SharedProblem[] = []
  const read = async (key: string, file: string | undefined): Promise<Buffer | undefined> => {
    if (file === undefined) return undefined
    try {
      return (await readFile(file)).subarray(0, MOST_BYTES)
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException
      problems.push(problem(key, 'unreadable-file', `cannot read ${file} (${code})`))
      return undefined
    }
  }
  const password = await read('password', rule.passwordFile)
  const ca = await read('ca', rule.caFile)
  const secret = await read('secret', rule.secretFile)
  if (secret && secret.length < LEAST_SECRET_BYTES) {
    const said = `${rule.secretFile} has ${secret.length} bytes, fewer than ${LEAST_SECRET_BYTES}`
    problems.push(problem('secret', 'secret-too-short', said))
  }
  if (!secret || problems.length > 0) return { settings: undefined, problems }
  const { url, user, timeoutMs } = rule
  const settings = {
    url,
    user,
    password: password?.toString('utf8').trim(),
    ca: ca?.toString('utf8'),
    secret: new Uint8Array(secret),
    timeoutMs,
  }
  return { settings, problems }
}

const hints = {
  'unreadable-file': 'check the path, and that the user lyncgate runs as may read it',
  'secret-too-short': 'openssl rand -out FILE 32, and the same file on every replica',
} as const

const problem = (key: string, code: keyof typeof hints, message: string): SharedProblem => ({
  path: ['signInGuard', 'shared', key],
  rest: { severity: 'error', code, message, hint: hints[code] },
})
