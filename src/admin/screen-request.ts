/**
 * Who may ask the admin address for what. Decided before a byte of a body is read.
 *
 * A page of a stranger, open in an administrator's browser, must reach nothing: its Origin is foreign, its name
 * resolved to 127.0.0.1 (DNS rebinding) is no name of ours, and it cannot know the token.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { isLoopback } from '../config/network.ts'
import { clientKey } from '../guard/connection-limits.ts'
import type { ApiError } from './api-error.ts'
import type { WrongTokens } from './wrong-tokens.ts'

export interface AdminRequest {
  readonly method: string
  readonly host: string
  readonly origin: string | undefined
  readonly authorization: string | undefined
  readonly isTls: boolean
  /** The page itself, without a word about this proxy. */
  readonly isPage: boolean
  readonly peer: string
}

export interface ScreenScope {
  /** The address of the file. */
  readonly address: string
  /** Names of the certificate of the admin address. */
  readonly names: readonly string[]
  /** The one that counts now; undefined: there is none. */
  readonly token: string | undefined
  /** The file names it; else it was made at the start and is needed for actions only. */
  readonly isTokenOfFile: boolean
  readonly wrongTokens: WrongTokens
  /** Monotonic milliseconds. */
  readonly nowMs: number
  /** Called for the first wrong token of a peer in a while. */
  readonly onWrongToken: (peer: string) => void
}

/** What is wrong with a request; undefined: it may go on. */
export function screenRequest(request: AdminRequest, scope: ScreenScope): ApiError | undefined {
  return (
    screenHost(request, scope) ??
    screenOrigin(request) ??
    (isForEveryone(request, scope) ? undefined : screenToken(request, scope))
  )
}

function screenHost({ host }: AdminRequest, { names }: ScreenScope): ApiError | undefined {
  const name = nameOf(host)
  const wildcard = `*${name.slice(name.indexOf('.'))}`
  if (isIP(name) !== 0 || name === 'localhost') return undefined
  if (names.includes(name) || names.includes(wildcard)) return undefined
  return {
    code: 'foreign-host',
    message: 'this name is not one of the admin address',
    hint: 'use an IP address, localhost, or a name of the certificate in admin.tls',
  }
}

/** Without port and brackets, lower case. */
const nameOf = (host: string): string =>
  host
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')

function screenOrigin({ origin, host, isTls }: AdminRequest): ApiError | undefined {
  if (origin === undefined || origin === `${isTls ? 'https' : 'http'}://${host}`) return undefined
  return {
    code: 'foreign-origin',
    message: 'the request comes from a page of somebody else',
    hint: 'use the commands of lyncgate, or send no Origin field',
  }
}

/**
 * Reading is free for those on this machine, unless the file says otherwise. The page is free everywhere: a browser has
 * no token before the page asks for it.
 */
const isForEveryone = ({ method, isPage }: AdminRequest, { address, isTokenOfFile }: ScreenScope) =>
  (method === 'GET' || method === 'HEAD') && (isPage || (!isTokenOfFile && isLoopback(address)))

function screenToken(
  { authorization, peer }: AdminRequest,
  { token, isTokenOfFile, wrongTokens, nowMs, onWrongToken }: ScreenScope,
): ApiError | undefined {
  if (token === undefined) {
    return {
      code: 'actions-off',
      message: 'there is no token, so nobody may do this',
      hint: 'name a file with a token as admin.token in the rules file',
    }
  }
  const [, given] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
  if (given === undefined) {
    return {
      code: 'no-token',
      message: 'this needs the admin token',
      hint: isTokenOfFile
        ? 'send what the file of admin.token says as "Authorization: Bearer …"'
        : 'send the token whose file the log of the start names as "Authorization: Bearer …"',
    }
  }
  // Before the block: whoever has the token is not to be locked out by others on the same address.
  if (isSame(given, token)) return undefined
  if (wrongTokens.isBlocked(clientKey(peer), nowMs)) {
    return {
      code: 'too-many-tries',
      message: 'too many wrong tokens',
      hint: 'wait a second',
    }
  }
  if (wrongTokens.count(clientKey(peer), nowMs)) onWrongToken(peer)
  return {
    code: 'wrong-token',
    message: 'this is not the admin token',
    hint: 'a token that lyncgate made itself is another one after each start',
  }
}

/** Takes as long wherever the two differ, and whatever their lengths. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
