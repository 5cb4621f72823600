/** The kinds of values a rules file is made of, each with its check and its look in the schema. */
import { isIP } from 'node:net'
import { z } from 'zod'
import { byteSizePattern, parseByteSize } from '../base/byte-size.ts'
import { durationPattern, parseDuration } from '../base/duration.ts'
import type { Result } from '../base/result.ts'
import {
  type NameTrouble,
  parseDomain,
  parsePublishedHost,
  parseServerAddress,
  sipDomainToken,
} from './host-name.ts'
import { canonicalIp, parseNetwork } from './network.ts'
import type { ProblemCode } from './problem-codes.ts'
import { parseRulePath, rulePathPattern } from './rule-path.ts'
import { parseServerAndPort } from './server-and-port.ts'

/** What a check of ours leaves in zod's issue; `explain-issues.ts` reads it. */
export interface IssueParams {
  readonly code: ProblemCode
  readonly hint?: string | undefined
}

interface Trouble extends NameTrouble {
  readonly code: ProblemCode
}

interface Limits {
  readonly lowest: string
  readonly highest: string
}

/** Text that a check turns into what the program uses. `meta.title` names the kind in the docs. */
function checkedText<T>(
  meta: { title: string; pattern?: string } & Partial<Limits>,
  check: (text: string) => Result<T, Trouble>,
) {
  return z
    .string()
    .meta(meta)
    .transform((text, context): T => {
      const checked = check(text)
      if (checked.ok) return checked.value
      const { code, message, hint } = checked.error
      context.addIssue({ code: 'custom', message, params: { code, hint } satisfies IssueParams })
      return z.NEVER
    })
}

/** Adds the code to a failure of one of the parsers. */
function coded<T>(code: ProblemCode, result: Result<T, NameTrouble>): Result<T, Trouble> {
  return result.ok ? result : { ok: false, error: { code, ...result.error } }
}

/** A duration within limits; milliseconds inside. */
export function durationField(limits: Limits) {
  const read = (text: string) =>
    withHint(parseDuration(text), { code: 'bad-duration', message: 'is not a duration' })
  const meta = { title: 'duration', pattern: durationPattern.source, ...limits }
  return checkedText(meta, (text) => within(read(text), limits, parseDuration))
}

/** A size within limits; bytes inside. */
export function sizeField(limits: Limits) {
  const read = (text: string) =>
    withHint(parseByteSize(text), { code: 'bad-size', message: 'is not a size' })
  const meta = { title: 'size', pattern: byteSizePattern.source, ...limits }
  return checkedText(meta, (text) => within(read(text), limits, parseByteSize))
}

function withHint<T>(result: Result<T, string>, trouble: Trouble): Result<T, Trouble> {
  return result.ok ? result : { ok: false, error: { ...trouble, hint: result.error } }
}

function within(
  result: Result<number, Trouble>,
  limits: Limits,
  parse: (text: string) => Result<number, string>,
): Result<number, Trouble> {
  const lowest = parse(limits.lowest)
  const highest = parse(limits.highest)
  if (!result.ok || !lowest.ok || !highest.ok) return result
  if (result.value >= lowest.value && result.value <= highest.value) return result
  const message = `is not between ${limits.lowest} and ${limits.highest}`
  return { ok: false, error: { code: 'out-of-range', message } }
}

/** A whole number within limits. */
export const countField = (lowest: number, highest: number) =>
  z.int().min(lowest).max(highest).meta({ title: 'number' })

export const portField = () => z.int().min(1).max(65_535).meta({ title: 'port' })

/** A file; relative to the rules file. Whether it exists is for those who read it. */
export const fileField = () => textField('file', 4096)

/** Some text on one line. */
export function textField(title: string, longest: number) {
  return checkedText({ title }, (text) => {
    if (text.trim() === '') return { ok: false, error: { code: 'bad-name', message: 'is blank' } }
    if (/\p{Cc}/u.test(text)) {
      return { ok: false, error: { code: 'bad-name', message: 'has control characters' } }
    }
    if (text.length <= longest) return { ok: true, value: text }
    const message = `is longer than ${longest} characters`
    return { ok: false, error: { code: 'out-of-range', message } }
  })
}

/** One mail address, as it can stand in a mailto URL without escapes (RFC 8555 7.3: one address, no header fields). */
export const mailField = () =>
  checkedText({ title: 'mail address', pattern: mailPattern.source }, (text) => {
    if (text.length <= 254 && mailPattern.test(text)) return { ok: true, value: text }
    const hint = 'one address without a name, such as admin@contoso.com'
    return { ok: false, error: { code: 'bad-mail', message: 'is not a mail address', hint } }
  })

const mailPattern = /^[A-Za-z0-9.!#$&'*+/=^_`{|}~-]+@[A-Za-z0-9.-]+$/

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** The name of a listener or pool, as it also stands in logs, metrics and on the command line. */
export const nameField = () =>
  checkedText({ title: 'name', pattern: namePattern.source }, (text) => {
    if (namePattern.test(text)) return { ok: true, value: text }
    const hint = 'letters, digits, ".", "_" and "-", at most 63, the first a letter or digit'
    return { ok: false, error: { code: 'bad-name', message: 'is not a name', hint } }
  })

/** An IP address without brackets. */
export const ipField = () =>
  checkedText({ title: 'IP address' }, (text) => {
    if (isIP(text) !== 0) return { ok: true, value: canonicalIp(text) }
    const inside = /^\[(.*)\]$/.exec(text)?.[1] ?? ''
    const hint =
      isIP(inside) === 0 ? 'such as 0.0.0.0, "::" or 192.0.2.1' : 'leave out the brackets'
    return { ok: false, error: { code: 'bad-address', message: 'is not an IP address', hint } }
  })

// A domain nobody has, so that it can be told from what the administrator wrote.
const exampleDomain = 'sip-domain.example'

/** A host that is published, kept as written: `expandHost` makes the final names of it. */
export const publishedHostField = () =>
  checkedText({ title: 'host' }, (text) => {
    const example = parsePublishedHost(text.replaceAll(sipDomainToken, exampleDomain))
    if (example.ok) return { ok: true, value: text }
    const { message, hint } = example.error
    const asWritten = hint?.replaceAll(exampleDomain, sipDomainToken)
    const trouble = { code: 'bad-host', message } as const
    return { ok: false, error: asWritten ? { ...trouble, hint: asWritten } : trouble }
  })

export const serverAddressField = (portKey: 'https' | 'port' = 'https') =>
  checkedText({ title: 'name or IP address' }, (text) =>
    coded('bad-host', parseServerAddress(text, portKey)),
  )

/** A server and its port; `{ address, port }` inside. */
export const serverAndPortField = () =>
  checkedText({ title: 'server:port' }, (text) => coded('bad-host', parseServerAndPort(text)))

/** A name that clients ask for by SNI, `*.` allowed; never an IP address (RFC 6066 3). */
export const domainNameField = () =>
  checkedText({ title: 'name' }, (text) => {
    const isWild = text.startsWith('*.')
    const name = coded('bad-host', parseDomain(isWild ? text.slice(2) : text))
    return name.ok && isWild ? { ok: true, value: `*.${name.value}` } : name
  })

export const domainField = () =>
  checkedText({ title: 'domain' }, (text) => coded('bad-host', parseDomain(text)))

export const networkField = () =>
  checkedText({ title: 'IP address or network' }, (text) =>
    withHint(parseNetwork(text), { code: 'bad-network', message: 'is not a network' }),
  )

/** A path and all below it; `rootHint` is for those who write `/` alone. */
export const rulePathField = (rootHint: string) =>
  checkedText({ title: 'path', pattern: rulePathPattern.source }, (text) =>
    parseRulePath(text, rootHint),
  )

/** A path with an optional query, as it goes into a request line. */
export const requestPathField = () =>
  checkedText({ title: 'path', pattern: requestPathPattern.source }, (text) => {
    if (text.length <= 2048 && requestPathPattern.test(text)) return { ok: true, value: text }
    const hint = 'it begins with "/" and has neither blanks nor "#", such as /abs?probe=1'
    return { ok: false, error: { code: 'bad-path', message: 'is not a path', hint } }
  })

const requestPathPattern = /^\/[!"$-~]*$/

/** Where a Redis server is: scheme, host and port, and nothing that would be a secret in the file. */
export const redisUrlField = () =>
  checkedText({ title: 'redis URL' }, (text) => {
    const hint =
      'such as rediss://redis01.contoso.local:6379; user and password have keys of their own'
    const trouble = { code: 'bad-url', message: 'is not a redis URL', hint } as const
    if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return { ok: false, error: trouble }
    const { hostname, username, password, pathname, search, hash } = new URL(text)
    const isPlain = !username && !password && !search && !hash && /^\/?\d{0,3}$/.test(pathname)
    return hostname !== '' && isPlain ? { ok: true, value: text } : { ok: false, error: trouble }
  })

export const httpsUrlField = () =>
  checkedText({ title: 'https URL' }, (text) => {
    if (URL.canParse(text) && new URL(text).protocol === 'https:') return { ok: true, value: text }
    return { ok: false, error: { code: 'bad-url', message: 'is not an https URL' } }
  })

const requestIdPattern = /^[Xx]-(?!(?:[Ff]orwarded|[Mm][Ss])-)[A-Za-z0-9-]{1,60}$/

/** A header field that nobody gives another meaning. */
export const requestIdHeaderField = () =>
  checkedText({ title: 'header field', pattern: requestIdPattern.source }, (text) => {
    if (requestIdPattern.test(text)) return { ok: true, value: text }
    const hint = 'X- and letters, digits or "-", not X-Forwarded- or X-MS-, such as X-Request-Id'
    const message = 'is not the name of a field for ids'
    return { ok: false, error: { code: 'bad-name', message, hint } }
  })
