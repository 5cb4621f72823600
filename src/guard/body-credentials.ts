/**
 * Whose password the body of a request tries: a UsernameToken of WS-Security, or the password grant of OAuth. Takes any
 * bytes and never throws, in a time that grows with the length alone.
 */
import { accountKey } from './account-key.ts'
import { type Claim, claimOf } from './credentials.ts'

/**
 * Every name of the UsernameTokens in a SOAP message (WS-Security UsernameToken Profile 1.1, 3.1). No XML parser: what
 * counts is every place where one could find a name, and there is no prefix, entity or CDATA section that hides it.
 */
export function readUsernameToken(body: Buffer): Claim | undefined {
  const names = userNamesOf(decode(body)).map(accountKey)
  return names.length === 0 ? undefined : claimOf('soap', names)
}

/** More than any message has. */
const MOST_NAMES = 16

/** The content of each element `Username`, whatever its prefix. One pass: the place only moves on. */
function userNamesOf(text: string): readonly string[] {
  const names: string[] = []
  let at = text.indexOf('<')
  while (at !== -1 && names.length < MOST_NAMES) {
    const aside = endOfAside(text, at)
    if (aside !== undefined) {
      at = text.indexOf('<', aside)
      continue
    }
    const isUserName = /^<(?:[^\s<>/:]{1,64}:)?username[\s/>]/i.test(text.slice(at, at + 80))
    const end = isUserName ? endOfTag(text, at) : at + 1
    if (isUserName) names.push(contentFrom(text, end))
    at = text.indexOf('<', end)
  }
  return names
}

/** Where a comment, a CDATA section or an instruction that begins here ends; undefined: none begins here. */
function endOfAside(text: string, at: number): number | undefined {
  for (const [start, end] of [
    ['<!--', '-->'],
    ['<![CDATA[', ']]>'],
    ['<?', '?>'],
  ] as const) {
    if (!text.startsWith(start, at)) continue
    const found = text.indexOf(end, at + start.length)
    return found === -1 ? text.length : found + end.length
  }
  return undefined
}

/** Behind its `>`, which may also stand in the value of an attribute. */
function endOfTag(text: string, from: number): number {
  let quote = ''
  for (let at = from; at < text.length; at++) {
    const sign = text.charAt(at)
    if (quote !== '') quote = sign === quote ? '' : quote
    else if (sign === '"' || sign === "'") quote = sign
    else if (sign === '>') return at + 1
  }
  return text.length
}

function contentFrom(text: string, from: number): string {
  let content = ''
  for (let at = from; at < text.length && content.length < MOST_NAME_CHARACTERS; ) {
    const next = text.indexOf('<', at)
    content += withoutEntities(text.slice(at, next === -1 ? text.length : next))
    const end = next === -1 ? undefined : endOfAside(text, next)
    if (end === undefined) break
    if (text.startsWith('<![CDATA[', next)) content += text.slice(next + 9, end - 3)
    at = end
  }
  return content.slice(0, MOST_NAME_CHARACTERS).trim()
}

const MOST_NAME_CHARACTERS = 4096

/** UTF-16 has a NUL byte in every second place of what is ASCII; XML is either that or UTF-8 (XML 1.0, 4.3.3). */
function decode(body: Buffer): string {
  const start = body.subarray(0, 64)
  if (!start.includes(0)) return body.toString('utf8')
  const even = body.subarray(0, body.length - (body.length % 2))
  const isBigEndian = (start[0] === 0 && start[1] !== 0) || start.readUInt16BE(0) === 0xfeff
  return (isBigEndian ? Buffer.from(even).swap16() : even).toString('utf16le')
}

function withoutEntities(text: string): string {
  return text
    .slice(0, MOST_NAME_CHARACTERS)
    .replace(/&#(?:x([0-9a-f]{1,8})|([0-9]{1,8}));/gi, (_, hex?: string, decimal?: string) =>
      character(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
    )
    .replace(/&(amp|lt|gt|quot|apos);/g, (_, name: keyof typeof entities) => entities[name])
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const

const character = (code: number): string =>
  code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ''

/**
 * The user names of a password grant (RFC 6749 4.3.2), as a form of either kind: ASP.NET reads both, and does not care
 * for the case of names. Undefined: another grant.
 */
export function readPasswordGrant(body: Buffer): Claim | undefined {
  const text = body.toString('utf8')
  const fields = text.includes('form-data') ? readMultipart(text) : [...new URLSearchParams(text)]
  const valuesOf = (wanted: string): readonly string[] =>
    fields.filter(([name]) => name.trim().toLowerCase() === wanted).map(([, value]) => value)
  const grants = valuesOf('grant_type').map((grant) => grant.trim().toLowerCase())
  if (!grants.includes('password')) return undefined
  const claim = claimOf('oauth', valuesOf('username').map(accountKey))
  return grants.length === 1 ? claim : { ...claim, creditee: undefined }
}

const readMultipart = (text: string): [string, string][] =>
  [...text.matchAll(/name="?([a-z_]{1,32})"?[^\r\n]{0,256}\r?\n\r?\n([^\r\n]{0,4096})/gi)].map(
    ([, name = '', value = '']) => [name, value],
  )
