/** What ProxyPassReverse does: a Location that names the server's own address and port becomes the published one. */
import type { Server } from '../pools/server.ts'
import { type HostName, readHost } from '../routing/host.ts'
import type { Exchange } from './exchange.ts'

const ABSOLUTE = /^(https?):\/\/([^/?#\\]+)(.*)$/is

/**
 * Only absolute URLs whose authority is the answering server's address, its certificate name, or the published name,
 * with one of the server's ports, are rewritten; everything else stays as it is.
 */
export function locationRewriter(
  exchange: Exchange,
  published: HostName,
): (value: string, server: Server) => string {
  const { isTls } = exchange.connection.arrival
  const authority =
    published.port === undefined ? published.name : `${published.name}:${published.port}`
  return (value, server) => {
    const match = ABSOLUTE.exec(value)
    const named = match && readHost(match[2] as string)
    if (!match || !named) return value
    const isOurs = [
      server.address.toLowerCase(),
      server.tls.serverName.toLowerCase(),
      withoutBrackets(published.name),
    ].includes(withoutBrackets(named.name))
    const scheme = (match[1] as string).toLowerCase()
    const port = named.port ?? (scheme === 'https' ? 443 : 80)
    if (!isOurs || port !== (scheme === 'https' ? server.httpsPort : server.httpPort)) return value
    // A change of scheme (80 to 443) keeps its meaning, but the port that was published for it is not known here.
    const sameScheme = scheme === (isTls ? 'https' : 'http')
    return `${scheme}://${sameScheme ? authority : published.name}${match[3]}`
  }
}

/** Servers are written without the brackets that an IPv6 address has in a URL. */
const withoutBrackets = (host: string): string => host.replace(/^\[(.*)\]$/, '$1')
