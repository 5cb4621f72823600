/** Names in the rules file: hosts that are published, servers, SIP domains; all in one spelling. */
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { failed, ok, type Result } from '../base/result.ts'
import { canonicalIp } from './network.ts'
import { quote } from './quote.ts'

/** Why a name cannot be used, and what to write instead. */
export interface NameTrouble {
  readonly message: string
  readonly hint?: string
}

type NameResult = Result<string, NameTrouble>

/** Stands for each of the SIP domains in a published host. */
export const sipDomainToken = '{sipDomain}'

/**
 * A published host as the routing compares it: lower-case A-labels, no trailing dot, `*.` only as
 * the whole first label, IPv6 in brackets.
 */
export function parsePublishedHost(text: string): NameResult {
  const stray = findStrayPart(text)
  if (stray) return failed(stray)
  if (isIPv6(text))
    return failed({ message: 'is an IPv6 address', hint: `write ${quote(`[${text}]`)}` })
  if (text.startsWith('[')) return parseBracketed(text)
  if (!text.includes('*')) return parseName(text)
  const base = text.slice(2)
  if (!text.startsWith('*.') || base.includes('*')) {
    const hint = 'a * stands for the whole first label, as in "*.contoso.com"'
    return failed({ message: 'has a * where none can be', hint })
  }
  const name = parseName(base)
  if (!name.ok) return name
  if (isIP(name.value) !== 0) return failed({ message: 'has a * before an IP address' })
  return ok(`*.${name.value}`)
}

/**
 * Where a server is reached: a name or an IP address, IPv6 without brackets.
 * @param portKey the key that a port belongs to, for the hint
 */
export function parseServerAddress(text: string, portKey: 'https' | 'port' = 'https'): NameResult {
  const stray = findStrayPart(text, writeServerObject(portKey))
  if (stray) return failed(stray)
  if (isIPv6(text)) return ok(canonicalIp(text))
  const inside = /^\[(.*)\]$/.exec(text)?.[1]
  if (inside && isIPv6(inside)) {
    return failed({ message: 'has brackets', hint: `write ${quote(inside)}` })
  }
  return parseName(text)
}

const writeServerObject =
  (portKey: string): WithPort =>
  (host, port) =>
    `write { address: ${quote(host.replace(/^\[|\]$/g, ''))}, ${portKey}: ${port} }`

/** A DNS name without wildcard, not an IP address: a SIP domain or the name in a certificate. */
export function parseDomain(text: string): NameResult {
  const stray = findStrayPart(text)
  if (stray) return failed(stray)
  const name = parseName(text)
  if (name.ok && isIP(name.value) !== 0) return failed({ message: 'is an IP address, not a name' })
  return name
}

type WithPort = (host: string, port: string) => string

/** A scheme, a path, a user or a port: what belongs to a URL, not to a name. */
function findStrayPart(
  text: string,
  withPort: WithPort = (host) => `write ${quote(host)}; ports belong to listeners and pools`,
): NameTrouble | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)
  if (url) return { message: 'is a URL', hint: `write the host alone${quoteHost(url[1])}` }
  const path = /^([^/\\?#@]*)[/\\?#]/.exec(text)
  if (path) return { message: 'has a path', hint: `write the host alone${quoteHost(path[1])}` }
  const person = /^.*@(.*)$/.exec(text) ?? /^sips?:(\D.*)$/i.exec(text)
  if (person) {
    return { message: 'is a SIP address', hint: `write the name alone${quoteHost(person[1])}` }
  }
  const port = /^(\[.*\]|[^:]*):(\d*)$/.exec(text)
  if (port && !isIPv6(text)) {
    return { message: 'has a port', hint: withPort(port[1] ?? '', port[2] ?? '') }
  }
  return undefined
}

const quoteHost = (part = ''): string => (part ? `: ${quote(part.replace(/:\d*$/, ''))}` : '')

function parseBracketed(text: string): NameResult {
  const inside = text.slice(1, -1)
  if (!text.endsWith(']') || !isIPv6(inside) || inside.includes('%')) {
    return failed({ message: 'is not an IPv6 address in brackets' })
  }
  return ok(`[${canonicalIp(inside)}]`)
}

function parseName(text: string): NameResult {
  const withoutDot = text.endsWith('.') ? text.slice(0, -1) : text
  if (isIPv4(withoutDot)) return ok(withoutDot)
  const brace = /\{[^}]*\}?/.exec(withoutDot)?.[0]
  if (brace) {
    return failed({ message: `contains ${brace}`, hint: `only ${sipDomainToken} is replaced` })
  }
  // domainToASCII decodes %2e and reads 0x7f.1 as 127.0.0.1, as browsers do; a name is neither.
  const ascii = /[%\s]/.test(withoutDot) ? '' : domainToASCII(withoutDot)
  if (isIPv4(ascii)) return failed({ message: 'looks like an IPv4 address but is none' })
  const labels = ascii.split('.')
  if (ascii.length > 253 || !labels.every((label) => labelPattern.test(label))) {
    return failed({ message: 'is not a host name' })
  }
  return ok(ascii)
}

// Windows allows the underscore in computer names, and so do all browsers.
const labelPattern = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
