/** curl as the client: an independent implementation of HTTP, Negotiate and Kerberos. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Scheme, Target } from './real-connection.ts'
import { publicName } from './real-kdc.ts'
import type { NtlmUser } from './real-ntlm-client.ts'
import { type Command, type Environment, runProgram } from './real-process.ts'

/** Who curl is: variables with the credentials and options that use them. */
export interface CurlIdentity {
  readonly env: Environment
  readonly options: readonly string[]
}

/** One URL's outcome; with authentication only the last leg is seen. */
export interface CurlAnswer {
  readonly status: number
  readonly body: string
  /** What the fixture's documents say: `user=… connection=…`. */
  readonly user: string | undefined
  /** The port from which the back end was asked. */
  readonly connection: string | undefined
  /** How many connections curl had to open for it. */
  readonly opened: number
}

// Without these a sign-in left over from the tester would be used.
const noKerberos: Environment = { KRB5_CONFIG: '/dev/null', KRB5CCNAME: 'FILE:/nonexistent' }

/** A client that has nothing to sign in with. */
export const anonymous: CurlIdentity = { env: noKerberos, options: [] }

/**
 * A client that signs in by NTLM inside Negotiate. curl asks GSSAPI, GSSAPI finds no ticket and turns
 * to gss-ntlmssp, which takes the first account of NTLM_USER_FILE.
 */
export async function ntlmIdentity(t: Test, user: NtlmUser): Promise<CurlIdentity> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-curl-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'account')
  await writeFile(file, `${user.domain}:${user.name}:${user.password}\n`)
  return { env: { ...noKerberos, NTLM_USER_FILE: file }, options: negotiate }
}

/** A client that signs in with the ticket the variables (of `Kdc.signIn`) point to. */
export function kerberosIdentity(env: Environment): CurlIdentity {
  return { env, options: negotiate }
}

const negotiate = ['--negotiate', '--user', ':'] as const

/** The address of a path under the published name. */
export function publishedUrl(target: Target, scheme: Scheme, path: string): string {
  const port = scheme === 'https' ? target.httpsPort : target.httpPort
  return `${scheme}://${publicName}:${port}${path}`
}

/**
 * The command line. A request is options and URLs that belong together (a method, a body); all of
 * them go over kept connections where curl can.
 */
export function curlCommand(
  target: Target,
  identity: CurlIdentity,
  requests: readonly (readonly string[])[],
): Command {
  const line = '\n#%{http_code} %{num_connects}\n'
  const each = ['--silent', '--max-time', '25', '--write-out', line, '--cacert', target.caFile]
  const options = [...each, '--connect-to', '::127.0.0.1:', ...identity.options]
  const all = requests.flatMap((request) => ['--next', ...options, ...request])
  return { program: 'curl', args: ['-q', ...all.slice(1)], env: identity.env }
}

/** Runs curl to its end. */
export async function curl(
  target: Target,
  identity: CurlIdentity,
  ...requests: readonly (readonly string[])[]
): Promise<CurlAnswer[]> {
  const { stdout } = await runProgram(curlCommand(target, identity, requests))
  return parseAnswers(stdout)
}

/** Whether the back end has seen a single connection behind all these answers. */
export function cameOverOneConnection(answers: readonly CurlAnswer[]): boolean {
  const [first] = answers
  return (
    first?.connection !== undefined &&
    answers.every(({ connection }) => connection === first.connection)
  )
}

/** Reads what curl with the options of `curlCommand` has printed. */
export function parseAnswers(stdout: string): CurlAnswer[] {
  return [...stdout.matchAll(/([\s\S]*?)\n#(\d+) (\d+)\n/g)].map(
    ([, body = '', status, opened]) => {
      const [, user, connection] = /user=(\S+)(?: connection=(\S+))?/.exec(body) ?? []
      return { status: Number(status), body, user, connection, opened: Number(opened) }
    },
  )
}
