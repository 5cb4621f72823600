/** Header fields as a trace may show them: what somebody signs in with is gone, how they do it stays. */
import { ntlmMessageType } from '../ntlm/ntlm-message.ts'
import { isSecretName, redactTarget } from '../observe/redact.ts'

export interface HarField {
  readonly name: string
  readonly value: string
}

export interface HarCookie extends HarField {
  readonly path?: string
  readonly domain?: string
  readonly httpOnly?: boolean
  readonly secure?: boolean
}

const CREDENTIALS = new Set(['authorization', 'proxy-authorization'])
const CHALLENGES = new Set(['www-authenticate', 'proxy-authenticate'])

/** Of our own, and of no use to anybody else. */
const HARMLESS = new Set(['sec-websocket-key', 'sec-websocket-accept', 'authentication-control'])

/** Name, value, … as received, as fields with nothing secret in them. */
export function redactFields(flat: readonly string[]): HarField[] {
  const fields: HarField[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] as string
    fields.push({ name, value: redactField(name.toLowerCase(), flat[i + 1] as string) })
  }
  return fields
}

function redactField(name: string, value: string): string {
  if (CREDENTIALS.has(name)) return redactCredentials(value)
  if (CHALLENGES.has(name)) return redactChallenge(value)
  if (name === 'cookie')
    return cookiePairs(value)
      .map((each) => `${each}=***`)
      .join('; ')
  if (name === 'set-cookie') return redactSetCookie(value)
  if (name === 'x-ms-diagnostics' || HARMLESS.has(name)) return redactTarget(value)
  // Underscores are what CGI makes of hyphens.
  if (isSecretName(name.replaceAll('_', '-'))) return '***'
  // Location, Referer and their like: the values in their queries, and an end.
  return redactTarget(value)
}

/** `NTLM *** (message 3)`, `Basic ***`; what has no scheme is gone whole. */
function redactCredentials(value: string): string {
  const [, scheme, rest = ''] = /^\s*([A-Za-z][A-Za-z0-9-]{0,30})(?:\s+(.*))?$/s.exec(value) ?? []
  // One long word might be the secret itself.
  if (scheme === undefined || (rest === '' && !SCHEMES.has(scheme.toLowerCase()))) return '***'
  return rest === '' ? scheme : `${scheme} ***${describeToken(rest)}`
}

const SCHEMES = new Set(['basic', 'bearer', 'digest', 'kerberos', 'negotiate', 'ntlm', 'tls-dsk'])

/** Offers stay as they are, `realm` included; a token behind a scheme goes. */
function redactChallenge(value: string): string {
  const token = /^\s*(NTLM|Negotiate|Kerberos|Nego2)\s+([A-Za-z0-9+/=]+)\s*$/i.exec(value)
  if (token) return `${token[1]} ***${describeToken(token[2] as string)}`
  return redactTarget(
    value.replace(/\b(nonce|opaque|gssapi-data|targetname)="[^"]*"/gi, '$1="***"'),
  )
}

const MARK = Buffer.from('NTLMSSP\0', 'latin1')

/** Enough to find NTLM inside SPNEGO. */
const MOST_CHARACTERS = 4_096

function describeToken(text: string): string {
  const bytes = Buffer.from(text.slice(0, MOST_CHARACTERS), 'base64')
  const at = bytes.indexOf(MARK)
  if (at === -1) return ''
  const type = ntlmMessageType(bytes.subarray(at))
  return type === undefined ? '' : ` (NTLM message ${type})`
}

const cookiePairs = (value: string): string[] =>
  value
    .split(';')
    .map((pair) => pair.split('=')[0]?.trim() ?? '')
    .filter(Boolean)

const COOKIE_ATTRIBUTES =
  /^\s*(?:path|domain|expires|max-age|samesite|secure|httponly|partitioned)\b/i

function redactSetCookie(value: string): string {
  const [pair = '', ...attributes] = value.split(';')
  const kept = attributes.filter((each) => COOKIE_ATTRIBUTES.test(each))
  return [`${pair.split('=')[0]}=***`, ...kept].join(';').slice(0, 2_048)
}

/** The cookies of a request. */
export const requestCookies = (fields: readonly HarField[]): HarCookie[] =>
  fields
    .filter(({ name }) => name.toLowerCase() === 'cookie')
    .flatMap(({ value }) => cookiePairs(value).map((name) => ({ name, value: '***' })))

/** The cookies that an answer sets. @param fields redacted */
export const responseCookies = (fields: readonly HarField[]): HarCookie[] =>
  fields
    .filter(({ name }) => name.toLowerCase() === 'set-cookie')
    .map(({ value }) => {
      const [pair = '', ...attributes] = value.split(';').map((each) => each.trim())
      const attributeOf = (name: string): string | undefined =>
        attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
      const path = attributeOf('path')
      const domain = attributeOf('domain')
      const has = (name: string): boolean => attributes.some((each) => each.toLowerCase() === name)
      return {
        name: pair.split('=')[0] ?? '',
        value: '***',
        ...(path !== undefined && { path }),
        ...(domain !== undefined && { domain }),
        httpOnly: has('httponly'),
        secure: has('secure'),
      }
    })
