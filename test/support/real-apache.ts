/** A private Apache with mod_auth_gssapi: NTLM bound to the connection as in IIS, and Kerberos. */

import { chmod, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createAuthority } from '../../src/lab/authority.ts'
import { freePorts } from './free-ports.ts'
import { apacheConfig, apacheModules } from './real-apache-config.ts'
import { type Kdc, publicName } from './real-kdc.ts'
import { ntlmUsers } from './real-ntlm-client.ts'
import { type RunningProgram, startProgram, waitUntil } from './real-process.ts'
import { requireProgram } from './real-programs.ts'

/** The name in the certificate of the back end, beside the public one. */
export const poolName = 'pool01.contoso.local'

/** Bytes of `large.bin`, all zero: more than the sockets of two hops can hold. */
export const largeBytes = 64 * 1024 * 1024

/** One answered request, from Apache's own log. */
export interface LoggedRequest {
  /** The same for all requests of one TCP connection, never used twice. */
  readonly connection: string
  readonly user: string | undefined
  /** The client went before the answer was complete. */
  readonly isAborted: boolean
  readonly status: number
  readonly method: string
  readonly path: string
}

/** A running Apache. It answers under /open, /ntlm, /kerberos and /kerberos-bound. */
export interface Apache {
  readonly httpPort: number
  readonly httpsPort: number
  /** Trust for its certificate. */
  readonly caFile: string
  accessLog(): Promise<readonly LoggedRequest[]>
  errorLog(): Promise<string>
  /** Ends it at once, connections included. */
  stop(): Promise<void>
  /** Starts it again on the same ports. */
  start(): Promise<void>
}

/** What differs between tests. */
export interface ApacheOptions {
  /** Without it there is no Kerberos location. */
  readonly kdc?: Kdc
}

/** Says whether everything for `startApache` is installed; see `requireProgram`. */
export function requireApache(t: Test): boolean {
  return (
    requireProgram(t, 'apache2', 'apache2') &&
    requireProgram(t, `${apacheModules}/mod_auth_gssapi.so`, 'libapache2-mod-auth-gssapi') &&
    requireProgram(t, '/usr/lib/*/gssntlmssp/gssntlmssp.so', 'gss-ntlmssp') &&
    requireProgram(t, 'curl', 'curl')
  )
}

/** Starts Apache in a directory of its own; test end stops it and removes the directory. */
export async function startApache(t: Test, options: ApacheOptions = {}): Promise<Apache> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-apache-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const [httpPort = 0, httpsPort = 0] = await freePorts(2)
  await writeServer(directory, [publicName, poolName])
  const settings = { directory, httpPort, httpsPort, name: publicName, keytab: options.kdc?.keytab }
  await writeFile(join(directory, 'httpd.conf'), apacheConfig(settings))

  let running: RunningProgram | undefined
  async function start(): Promise<void> {
    running = startProgram({
      program: 'apache2',
      args: ['-DFOREGROUND', '-f', join(directory, 'httpd.conf')],
      env: {
        NTLM_USER_FILE: join(directory, 'ntlm-users'),
        KRB5_CONFIG: options.kdc?.configFile ?? '/dev/null',
        KRB5RCACHENAME: `file2:${join(directory, 'run', 'replay')}`,
      },
    })
    const current = running
    await waitUntil('Apache answers', async () => {
      if (current.hasEnded()) throw new Error(`Apache ended: ${(await current.ended).stderr}`)
      return isAnswering(httpPort)
    })
  }
  const stop = async () => running?.stop()
  t.teardown(stop)
  await start()
  return {
    httpPort,
    httpsPort,
    caFile: join(directory, 'ca.crt'),
    accessLog: async () => parseLog(await readFile(join(directory, 'access.log'), 'utf8')),
    errorLog: () => readFile(join(directory, 'error.log'), 'utf8'),
    stop,
    start,
  }
}

/** Certificates, accounts and documents. Apache's children are another user: they must be able to read. */
async function writeServer(directory: string, names: readonly string[]): Promise<void> {
  const authority = await createAuthority('Back-end test authority')
  const { certPem, keyPem } = await authority.issue({ names })
  const accounts = ntlmUsers.map((user) => `${user.domain}:${user.name}:${user.password}\n`)
  const who = '<!--#echo var="REMOTE_USER" --> connection=<!--#echo var="REMOTE_PORT" -->'
  const digest = '"$REMOTE_USER" "$REMOTE_PORT" "$(sha256sum | cut -c1-64)"'
  const line = 'user=%s connection=%s sha256=%s\\n'
  await chmod(directory, 0o755)
  await mkdir(join(directory, 'www'))
  await mkdir(join(directory, 'run'))
  await chmod(join(directory, 'run'), 0o777)
  const files: readonly (readonly [string, string | Buffer])[] = [
    ['ca.crt', authority.certificatePem],
    ['server.crt', certPem],
    ['server.key', keyPem],
    ['ntlm-users', accounts.join('')],
    ['www/whoami.shtml', `user=${who}`],
    ['www/large.bin', ''],
    ['www/text.txt', 'The quick brown fox jumps over the lazy dog.\n'.repeat(1000)],
    ['www/sink.cgi', `#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n${line}' ${digest}\n`],
  ]
  for (const [name, content] of files) await writeFile(join(directory, name), content)
  await truncate(join(directory, 'www/large.bin'), largeBytes) // sparse
  await chmod(join(directory, 'www/sink.cgi'), 0o755)
}

/** The users each TCP connection of the back end has served; more than one is a leak. */
export function usersByConnection(log: readonly LoggedRequest[]): Map<string, Set<string>> {
  const users = new Map<string, Set<string>>()
  for (const { connection, user } of log) {
    if (user === undefined) continue
    if (connection === '-') throw new Error(`a connection of ${user} has no identifier`)
    users.set(connection, (users.get(connection) ?? new Set()).add(user))
  }
  return users
}

async function isAnswering(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/open/whoami.shtml`)).ok
  } catch {
    return false
  }
}

function parseLog(text: string): LoggedRequest[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [connection = '', user = '-', end, status, method = '', path = ''] = line.split(' ')
      return {
        connection,
        user: user === '-' ? undefined : user.replaceAll('\\\\', '\\'),
        isAborted: end === 'X',
        status: Number(status),
        method,
        path,
      }
    })
}
