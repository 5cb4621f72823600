/** What the commands that talk to a running proxy have in common: their options, and where the proxy is. */
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { parseArgs } from 'node:util'
import { readTokenFile, tokenDirectories, tokenPath } from '../admin/token-file.ts'
import { failed, ok, type Result } from '../base/result.ts'
import { findAdmin } from '../config/find-admin.ts'
import { isLoopback } from '../config/network.ts'
import type { AdminRule } from '../config/rules.ts'
import { readToken } from '../runtime/read-admin.ts'
import type { AdminTarget } from './admin-client.ts'
import { formatProblems } from './check.ts'
import type { CommandIo } from './output.ts'
import { DEFAULT_CONFIG } from './run.ts'

/** For `--help`, below the summary. */
export const adminDetails = `
  --config FILE      the rules file of the proxy, default ${DEFAULT_CONFIG}; its admin section says where it is
  --admin URL        where it is, such as https://lyncgate01.contoso.local:9090, instead of --config
  --token-file FILE  the file with the admin token; default: that of the file, or the one made at the start
  --ca FILE          the authority of its certificate, for --admin https://…
  --json             the answer as JSON

exit codes: 0 done, 1 the proxy refused or does not answer, 2 the call was wrong, 3 --timeout is over
`

/** In the usage of each. */
export const ADMIN_OPTIONS =
  '[--config FILE] [--admin URL] [--token-file FILE] [--ca FILE] [--json]'

export interface AdminCall {
  readonly config: string
  readonly admin: string | undefined
  readonly tokenFile: string | undefined
  readonly ca: string | undefined
  readonly json: boolean
  readonly wait: boolean
  readonly timeout: string
  readonly positionals: readonly string[]
  /** Values of the options that only this command has. */
  readonly own: Readonly<Record<string, string | boolean | undefined>>
}

/** What a command may be called with, besides what they all have. */
export interface CallShape {
  readonly positionals: number
  readonly waits: boolean
  /** Those that only this command has. */
  readonly options?: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>>
}

/** The call, or what is wrong with it. */
export function readAdminCall(
  args: readonly string[],
  { positionals: count, waits, options: ownOptions = {} }: CallShape,
): AdminCall | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        admin: { type: 'string' },
        'token-file': { type: 'string' },
        ca: { type: 'string' },
        json: { type: 'boolean', default: false },
        ...ownOptions,
        ...(waits && { wait: { type: 'boolean' }, timeout: { type: 'string' } }),
      },
    })
    if (positionals.length > count) return `"${positionals[count]}" is one word too many`
    if (values.config !== undefined && values.admin !== undefined)
      return '--config and --admin exclude each other'
    if (values.ca !== undefined && values.admin === undefined)
      return '--ca is for --admin: with --config the certificate is known'
    const { wait, timeout } = values as { wait?: boolean; timeout?: string }
    if (timeout !== undefined && wait !== true) return '--timeout is for --wait'
    return {
      config: values.config ?? DEFAULT_CONFIG,
      admin: values.admin,
      tokenFile: values['token-file'],
      ca: values.ca,
      json: values.json,
      wait: wait ?? false,
      timeout: timeout ?? '30m',
      positionals,
      own: values as AdminCall['own'],
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Where to ask, or the words for why that is not known. */
export function findTarget(call: AdminCall, io: CommandIo): Promise<Result<AdminTarget, string>> {
  return call.admin === undefined ? targetOfFile(call, io) : targetOfUrl(call, call.admin)
}

async function targetOfFile(
  { config, tokenFile }: AdminCall,
  io: CommandIo,
): Promise<Result<AdminTarget, string>> {
  const found = await findAdmin(config)
  if (!found.ok) {
    const problems = formatProblems(config, found.error, io)
    return failed(`${problems}--admin URL says where the proxy is without this file`)
  }
  const rule = found.value
  if (!rule) return failed(`${config} has no "admin:", so there is nothing to talk to`)
  const pinned = await read(rule.tls?.certFile)
  if (!pinned.ok) return pinned
  return ok({
    host: hostOf(rule),
    port: rule.port,
    tls: rule.tls && { pinnedPem: pinned.value ?? '' },
    isTokenForAll: tokenFile !== undefined || rule.tokenFile !== undefined,
    token: () => tokenOf(tokenFile ?? rule.tokenFile, rule.port),
  })
}

async function targetOfUrl(
  { tokenFile, ca }: AdminCall,
  text: string,
): Promise<Result<AdminTarget, string>> {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/')
    return failed(`"${text}" is not a URL such as https://lyncgate01.contoso.local:9090`)
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(url.port || (isTls ? 443 : 80))
  if (!isTls && host !== 'localhost' && !isLoopback(host))
    return failed('the token must not cross a network unencrypted: use https://')
  const roots = await read(ca)
  if (!roots.ok) return roots
  return ok({
    host,
    port,
    tls: isTls ? { ca: roots.value } : undefined,
    isTokenForAll: tokenFile !== undefined,
    token: () => tokenOf(tokenFile, port),
  })
}

/** All addresses are reached by the loopback one. */
const hostOf = ({ address }: AdminRule): string => {
  if (address === '0.0.0.0') return '127.0.0.1'
  return isIPv6(address) && address === '::' ? '::1' : address
}

async function tokenOf(file: string | undefined, port: number): Promise<Result<string, string>> {
  if (file !== undefined) {
    const read = await readToken(file)
    return read.ok ? read : failed(`${read.error.message}\nhint: ${read.error.hint}`)
  }
  const paths = tokenDirectories().map((directory) => tokenPath(directory, port))
  for (const path of paths) {
    const token = await readTokenFile(path)
    if (token !== undefined) return ok(token)
  }
  return failed(
    `no admin token that this user can read (${paths.join(', ')})\n` +
      'hint: run this as the user lyncgate runs as, or say --token-file FILE',
  )
}

async function read(file: string | undefined): Promise<Result<string | undefined, string>> {
  if (file === undefined) return ok(undefined)
  try {
    return ok(await readFile(file, 'utf8'))
  } catch (error) {
    return failed(`cannot read ${file} (${(error as NodeJS.ErrnoException).code})`)
  }
}
