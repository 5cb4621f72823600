/** Names out of a topology, before they are written anywhere: real host names, in one spelling. */
import { isIP } from 'node:net'
import { parseDomain } from '../config/host-name.ts'
import { type Advice, advise } from './advice.ts'
import { showName } from './trouble.ts'

/** The name in lower case and A-labels; undefined, and advice, for what is no DNS name. */
export function readHost(written: string, owner: string, advice: Advice[]): string | undefined {
  const name = parseDomain(written.trim())
  if (name.ok) return name.value
  const { message, hint = 'correct it in the topology' } = name.error
  advice.push(advise('bad-name', `${owner}: ${showName(written)} ${message}`, hint))
  return undefined
}

export interface UrlParts {
  readonly host: string
  readonly path: string
}

/** Host and path of a simple URL, with advice where it breaks the rules for simple URLs. */
export function readSimpleUrlParts(
  url: string,
  owner: string,
  advice: Advice[],
): UrlParts | undefined {
  const match = /^\s*([a-z]+):\/\/([^/?#:\s]+)(:\d+)?([^\s]*?)\/?\s*$/i.exec(url.slice(0, 2048))
  if (!match) {
    const hint = 'simple URLs look like https://meet.contoso.com'
    advice.push(advise('odd-simple-url', `${owner}: ${showName(url)} is no simple URL`, hint))
    return undefined
  }
  const [, scheme = '', written = '', port, path = ''] = match
  if (scheme.toLowerCase() !== 'https' || port !== undefined) {
    const hint = 'simple URLs begin with https:// and have no port'
    advice.push(advise('odd-simple-url', `${owner}: ${showName(url)}`, hint))
  }
  const host = readHost(written, owner, advice)
  return host === undefined ? undefined : { host, path }
}

const insideOnly =
  /(?:^|\.)(?:local|lan|internal|intranet|intra|corp|home|localdomain|private|test|invalid|example)$/

/** Whether no public authority can certify the name (RFC 6761, RFC 6762, CA/Browser Forum BR 4.2.2). */
export const isInsideOnly = (host: string): boolean =>
  !host.includes('.') || isIP(host) !== 0 || insideOnly.test(host)
