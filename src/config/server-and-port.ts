/** `edge.contoso.local:5061`: a server of a stream, which has no default port. */
import { isIPv6 } from 'node:net'
import { failed, ok, type Result } from '../base/result.ts'
import { type NameTrouble, parseServerAddress } from './host-name.ts'
import { quote } from './quote.ts'

/** `address` without brackets. */
export interface ServerAndPort {
  readonly address: string
  readonly port: number
}

/** Reads a name, an IPv4 address or an IPv6 address in brackets, and the port behind it. */
export function parseServerAndPort(text: string): Result<ServerAndPort, NameTrouble> {
  const [, host, digits] = /^(\[[^\]]*\]|[^:/]*):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || digits === undefined) return failed(explain(text))
  const port = Number(digits)
  if (port < 1 || port > 65_535) return failed({ message: 'has a port that does not exist' })
  const inside = /^\[(.*)\]$/.exec(host)?.[1]
  const address = parseServerAddress(inside ?? host)
  if (!address.ok) return address
  if ((inside !== undefined) !== isIPv6(address.value))
    return failed({ message: 'is not a server with a port' })
  return ok({ address: address.value, port })
}

/** What is wrong with a text that does not even look like a server and its port. */
function explain(text: string): NameTrouble {
  const address = parseServerAddress(text)
  if (!address.ok) return address.error.message === 'has a port' ? NO_SERVER : address.error
  const written = isIPv6(text) ? `[${text}]` : text
  return { message: 'has no port', hint: `such as ${quote(`${written}:5061`)}` }
}

const NO_SERVER: NameTrouble = {
  message: 'is not a server with a port',
  hint: 'such as "edge.contoso.local:5061"',
}
