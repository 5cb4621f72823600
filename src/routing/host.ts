/** The Host of a request, read strictly: RFC 9110 7.2 and RFC 3986 3.2.2. */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'

/** A host as rules name it: lower case, no trailing dot, A-labels, IPv6 in brackets. */
export interface HostName {
  readonly name: string
  /** The port that was written after the name; undefined: none. */
  readonly port: number | undefined
}

/** Lower-case letters, digits, inner hyphens and underscores (which Windows host names carry), labels of 1 to 63. */
const NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/
const PORT = /^[0-9]{0,5}$/

/** Reads the Host fields of one connection. Nearly always they are the same, and then the last one is not read again. */
export class HostReader {
  #raw = ''
  #host: HostName | undefined

  /** As `readHost`. */
  read(raw: string): HostName | undefined {
    if (raw !== this.#raw) {
      this.#host = readHost(raw)
      this.#raw = raw
    }
    return this.#host
  }
}

/** Reads the value of a Host field or the authority of an absolute-form target. Undefined: not a valid host. */
export function readHost(raw: string): HostName | undefined {
  if (raw.length === 0 || raw.length > 512) return undefined
  const end = raw.charCodeAt(0) === 0x5b ? raw.indexOf(']') + 1 : portStart(raw)
  if (end === 0) return undefined
  const port = readPort(raw.slice(end))
  if (port === false) return undefined
  const name =
    raw.charCodeAt(0) === 0x5b ? readIpv6(raw.slice(1, end - 1)) : readName(raw.slice(0, end))
  return name === undefined ? undefined : { name, port }
}

function portStart(raw: string): number {
  const colon = raw.indexOf(':')
  return colon === -1 ? raw.length : colon
}

function readPort(raw: string): number | undefined | false {
  if (raw === '' || raw === ':') return undefined
  if (raw.charCodeAt(0) !== 0x3a || !PORT.test(raw.slice(1))) return false
  const port = Number(raw.slice(1))
  return port <= 65535 ? port : false
}

function readIpv6(raw: string): string | undefined {
  if (!isIPv6(raw) || raw.includes('%')) return undefined
  // One spelling for each address, so that a rule for [2001:db8::1] also meets [2001:0DB8:0::1].
  return new URL(`http://[${raw}]/`).hostname
}

function readName(raw: string): string | undefined {
  let name = raw.toLowerCase()
  if (name.endsWith('.')) name = name.slice(0, -1)
  if (NAME.test(name) && name.length <= 253) return name
  return readInternationalName(raw)
}

/** Old browsers send the UTF-8 bytes of a name; the parser hands them over as latin1. */
function readInternationalName(raw: string): string | undefined {
  // domainToASCII would also decode %2e, and then Host would not say what was routed.
  if (!/[\x80-\xff]/.test(raw) || raw.includes('%')) return undefined
  const ascii = domainToASCII(Buffer.from(raw, 'latin1').toString('utf8')).replace(/\.$/, '')
  return NAME.test(ascii) && !isIPv4(ascii) ? ascii : undefined
}
