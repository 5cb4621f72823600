/** What `lyncgate preflight` is called with. */
import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { parseDuration } from '../base/duration.ts'
import { parseDomain } from '../config/host-name.ts'
import { cwaFamily } from '../preflight/cwa.ts'
import { federationFamily } from '../preflight/federation.ts'
import { lcsFamily } from '../preflight/lcs.ts'
import type { Family } from '../preflight/run-preflight.ts'
import type { Standpoint } from '../preflight/surroundings.ts'

export const preflightUsage =
  'usage: lyncgate preflight [FILE or CHECK NAME] [--from PLACE] [--address IP] [--port PORT] [--http-port PORT] [--listener NAME] [--user USER --password-file FILE] [--long DURATION] [--dns SERVER] [--ca FILE] [--timeout DURATION] [--json] [--junit FILE]\n'

/** The checks and options, one a line. */
export const preflightDetails = `
  preflight [FILE]               the web services that a rules file publishes; default: the file of run
  preflight federation DOMAIN    SIP federation of a domain: records, servers on 5061, certificates
  preflight lcs DOMAIN           Live Communications Server 2003/2005: records and listeners
  preflight cwa HOST[:PORT]      Communicator Web Access: HTTPS, certificate, name

  --from internet|dmz|lan        where this machine stands; default: internet
  --dns SERVER[:PORT]            IP address of the DNS server to ask; may be repeated
  --ca FILE                      PEM certificates to trust besides the public authorities
  --timeout 5s                   for each question and each connection

With FILE:
  --address IP                   tests the proxy at this address, whatever DNS says
  --port PORT, --http-port PORT  where clients arrive, if not at the ports of the listeners
  --listener NAME                only what this listener publishes
  --user 'DOMAIN\\NAME'           signs in once by NTLM at each web services name, if its certificate is good
  --password-file FILE           the password of that account, on the first line
  --long 16m                     holds a silent connection to each web services address for so long; 1s to 1h
`

/** What is tested: a family that needs no file, or a rules file. */
export type Target =
  | { readonly kind: 'family'; readonly family: Family }
  | ({ readonly kind: 'rules' } & RulesTarget)

export interface RulesTarget {
  readonly file: string
  readonly address: string | undefined
  readonly httpsPort: number | undefined
  readonly httpPort: number | undefined
  readonly listener: string | undefined
  /** Whom to sign in; both or none. */
  readonly account: Account | undefined
  /** How long connections are held in silence; undefined: none is. */
  readonly longMs: number | undefined
}

export interface Account {
  /** Empty where the name is a user principal name. */
  readonly domain: string
  readonly user: string
  readonly passwordFile: string
}

export interface PreflightCall {
  readonly target: Target
  readonly from: Standpoint
  readonly dnsServers: readonly string[]
  readonly caFile: string | undefined
  readonly timeoutMs: number
  readonly json: boolean
  readonly junit: string | undefined
}

const options = {
  from: { type: 'string', default: 'internet' },
  dns: { type: 'string', multiple: true },
  ca: { type: 'string' },
  timeout: { type: 'string', default: '5s' },
  json: { type: 'boolean', default: false },
  junit: { type: 'string' },
  address: { type: 'string' },
  port: { type: 'string' },
  'http-port': { type: 'string' },
  listener: { type: 'string' },
  user: { type: 'string' },
  'password-file': { type: 'string' },
  long: { type: 'string' },
} as const

type Values = ReturnType<typeof parse>['values']

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], allowPositionals: true, options })

/**
 * The call, or what is wrong with it.
 * @param defaultFile the rules file when none is given
 */
export function readCall(args: readonly string[], defaultFile: string): PreflightCall | string {
  try {
    const { values, positionals } = parse(args)
    const target = readTarget(positionals, values, defaultFile)
    if (typeof target === 'string') return target
    if (!isStandpoint(values.from)) return `--from is one of ${standpoints.join(', ')}`
    const timeout = parseDuration(values.timeout)
    if (!timeout.ok) return `--timeout: ${timeout.error}`
    if (timeout.value < 100 || timeout.value > 60_000) return '--timeout is from 100ms to 60s'
    return {
      target,
      from: values.from,
      dnsServers: values.dns ?? [],
      caFile: values.ca,
      timeoutMs: timeout.value,
      json: values.json,
      junit: values.junit,
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const standpoints: readonly string[] = ['internet', 'dmz', 'lan']

const isStandpoint = (text: string): text is Standpoint => standpoints.includes(text)

const checks: readonly string[] = ['federation', 'lcs', 'cwa']

function readTarget(
  positionals: readonly string[],
  values: Values,
  defaultFile: string,
): Target | string {
  const [first, name, ...rest] = positionals
  if (first !== undefined && (checks.includes(first) || name !== undefined)) {
    if (!name || rest.length > 0) return 'CHECK and NAME are needed, or FILE alone'
    const family = familyOf(first, name)
    if (typeof family === 'string') return family
    const alien = fileOptions.find((option) => values[option] !== undefined)
    return alien === undefined ? { kind: 'family', family } : `--${alien} belongs to FILE`
  }
  return readRulesTarget(first ?? defaultFile, values)
}

const fileOptions = [
  'address',
  'port',
  'http-port',
  'listener',
  'user',
  'password-file',
  'long',
] as const

function readRulesTarget(file: string, values: Values): Target | string {
  if (file === '') return 'FILE is empty'
  const { address, listener } = values
  if (address !== undefined && isIP(address) === 0) return '--address is an IP address'
  const httpsPort = readPort(values.port)
  const httpPort = readPort(values['http-port'])
  if (httpsPort === 'wrong' || httpPort === 'wrong') return 'a port is a number from 1 to 65535'
  const account = readAccount(values.user, values['password-file'])
  if (typeof account === 'string') return account
  const longMs = readLong(values.long)
  if (typeof longMs === 'string') return longMs
  return { kind: 'rules', file, address, httpsPort, httpPort, listener, account, longMs }
}

function readLong(text: string | undefined): number | undefined | string {
  if (text === undefined) return undefined
  const duration = parseDuration(text)
  if (!duration.ok) return `--long: ${duration.error}`
  return duration.value < 1000 || duration.value > 3_600_000
    ? '--long is from 1s to 1h'
    : duration.value
}

/** `CONTOSO\alice` or `alice@contoso.com`. */
function readAccount(user?: string, passwordFile?: string): Account | undefined | string {
  if (user === undefined && passwordFile === undefined) return undefined
  if (!user || !passwordFile) return '--user and --password-file belong together'
  const [, domain, name] = /^([^\\@]{1,255})\\([^\\]{1,255})$/.exec(user) ?? []
  if (domain !== undefined && name !== undefined) return { domain, user: name, passwordFile }
  if (/^[^\\@]{1,255}@[^\\@]{1,255}$/.test(user)) return { domain: '', user, passwordFile }
  return '--user is DOMAIN\\NAME or NAME@DOMAIN'
}

function readPort(text: string | undefined): number | undefined | 'wrong' {
  if (text === undefined) return undefined
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : 'wrong'
}

function familyOf(check: string, name: string): Family | string {
  if (check === 'cwa') return readWebAccess(name)
  if (check !== 'federation' && check !== 'lcs') return `there is no check "${check}"`
  const domain = parseDomain(name)
  if (!domain.ok) return wrongName('DOMAIN', domain.error)
  return check === 'lcs' ? lcsFamily(domain.value) : federationFamily(domain.value)
}

function readWebAccess(text: string): Family | string {
  const [, name = text, digits = '443'] = /^([^:]+):(\d{1,5})$/.exec(text) ?? []
  const host = parseDomain(name)
  if (!host.ok) return wrongName('HOST', host.error)
  const port = readPort(digits)
  if (port === undefined || port === 'wrong') return 'a port is a number from 1 to 65535'
  return cwaFamily({ host: host.value, port })
}

const wrongName = (what: string, { message, hint }: { message: string; hint?: string }): string =>
  hint === undefined ? `${what} ${message}` : `${what} ${message}: ${hint}`
