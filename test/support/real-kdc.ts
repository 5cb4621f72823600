/** A private Kerberos realm on loopback. */

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePorts } from './free-ports.ts'
import { type Environment, runProgram, startProgram, waitUntil } from './real-process.ts'
import { requireProgram } from './real-programs.ts'

/** The published name, which is also the name in the service principal. */
export const publicName = 'lyncweb.contoso.com'

const realm = 'CONTOSO.TEST'

/** The accounts of the realm; the first part of each is the user name. */
export const kerberosUsers = { alice: `alice@${realm}`, bob: `bob@${realm}` } as const

/** A running key distribution centre with two users and `HTTP/lyncweb.contoso.com`. */
export interface Kdc {
  /** For KRB5_CONFIG. */
  readonly configFile: string
  /** The key of the web service. */
  readonly keytab: string
  /** Signs a user in and returns the variables a client of that user needs. */
  signIn(user: keyof typeof kerberosUsers): Promise<Environment>
}

/** Says whether everything for `startKdc` is installed; see `requireProgram`. */
export function requireKdc(t: Test): boolean {
  return (
    requireProgram(t, 'krb5kdc', 'krb5-kdc') &&
    requireProgram(t, 'kadmin.local', 'krb5-admin-server') &&
    requireProgram(t, 'kinit', 'krb5-user')
  )
}

/** Starts a realm in a directory of its own; test end stops it and removes the directory. */
export async function startKdc(t: Test): Promise<Kdc> {
  const directory = await mkdtemp(join(tmpdir(), 'lyncgate-kdc-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  await chmod(directory, 0o755) // the web server's children read the keytab
  const [port = 0] = await freePorts(1)
  const configFile = join(directory, 'krb5.conf')
  await writeFile(configFile, clientConfig(directory, port))
  await writeFile(join(directory, 'kdc.conf'), kdcConfig(directory, port))
  const env = { KRB5_CONFIG: configFile, KRB5_KDC_PROFILE: join(directory, 'kdc.conf') }
  const keytab = join(directory, 'http.keytab')

  await must('kdb5_util', ['create', '-s', '-P', 'master', '-r', realm], env)
  const commands = [
    `addprinc -randkey HTTP/${publicName}`,
    `ktadd -k ${keytab} HTTP/${publicName}`,
    ...Object.keys(kerberosUsers).flatMap((user) => [
      `addprinc -randkey ${user}`,
      `ktadd -k ${join(directory, `${user}.keytab`)} ${user}`,
    ]),
  ]
  for (const command of commands) await must('kadmin.local', ['-q', command], env)
  await chmod(keytab, 0o644)

  const running = startProgram({ program: 'krb5kdc', args: ['-n'], env })
  t.teardown(() => running.stop())
  await waitUntil('the KDC listens', async () => {
    if (running.hasEnded()) throw new Error(`krb5kdc ended: ${(await running.ended).stderr}`)
    return isListening(port)
  })
  return {
    configFile,
    keytab,
    signIn: async (user) => {
      const cache = `FILE:${join(directory, `${user}.ccache`)}`
      const userKeytab = join(directory, `${user}.keytab`)
      await must('kinit', ['-c', cache, '-k', '-t', userKeytab, user], env)
      return { KRB5_CONFIG: configFile, KRB5CCNAME: cache }
    },
  }
}

async function must(program: string, args: readonly string[], env: Environment): Promise<void> {
  const result = await runProgram({ program, args, env })
  if (result.code !== 0) throw new Error(`${program} failed: ${result.stderr}`)
}

/** Nothing may ask the name service: the names of these tests exist nowhere. */
function clientConfig(directory: string, port: number): string {
  return `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${realm} = {
    kdc = 127.0.0.1:${port}
  }
[domain_realm]
  .contoso.com = ${realm}
[logging]
  kdc = FILE:${directory}/kdc.log
  admin_server = FILE:${directory}/kadmin.log
`
}

function kdcConfig(directory: string, port: number): string {
  return `[kdcdefaults]
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
[realms]
  ${realm} = {
    database_name = ${directory}/principal
    key_stash_file = ${directory}/stash
    acl_file = ${directory}/acl
    max_life = 1h
  }
`
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
