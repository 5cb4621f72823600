/**
 * May this request be forwarded at all? Node's parser has accepted it; here falls what two servers could read
 * differently (RFC 9112) or what would tunnel past routing and policy.
 */
import { METHODS } from 'node:http'
import type { FailureCode } from '../base/failure.ts'
import type { ClientRequest } from '../forward/client-message.ts'
import { type HostName, type HostReader, readHost } from '../routing/host.ts'
import type { RequestFacts } from './read-request.ts'

/** A request that may go on: whom it is for and how long it is. */
export interface Screened {
  readonly host: HostName
  /** Origin-form, byte for byte. */
  readonly target: string
  readonly framing: 'none' | 'length' | 'chunked'
  /** The Host to write when the request itself had none. */
  readonly addHost: string | undefined
}

export interface ScreenLimits {
  readonly fields: number
  readonly bodyBytes: number
}

/**
 * CONNECT would tunnel, TRACE reflects credentials. SOURCE belongs to Icecast, and the methods of RTSP are not among
 * METHODS at all: Node's parser takes both where the request line names their protocol, and does not say so.
 */
const forwardedMethods: ReadonlySet<string> = new Set(
  METHODS.filter((method) => !['CONNECT', 'TRACE', 'SOURCE'].includes(method)),
)

/**
 * @param hosts of the connection
 * @returns the screened request or the code of what is wrong with it
 */
export function screenRequest(
  req: ClientRequest,
  facts: RequestFacts,
  limits: ScreenLimits,
  hosts: HostReader,
): Screened | FailureCode {
  if (req.httpVersionMajor !== 1) return 'client-malformed'
  if (!forwardedMethods.has(req.method ?? '')) return 'client-method-refused'
  if (req.rawHeaders.length > limits.fields * 2) return 'client-head-too-large'
  const framing = framingOf(req, facts)
  if (framing === undefined) return 'client-framing-ambiguous'
  if (
    facts.expect !== undefined &&
    req.httpVersionMinor === 1 &&
    !/^100-continue$/i.test(facts.expect)
  ) {
    return 'client-expectation-unknown'
  }
  const addressed = addressOf(req, facts, hosts)
  if (typeof addressed === 'string') return addressed
  if (facts.upgrade !== undefined && !isWebSocketUpgrade(req, facts))
    return 'client-upgrade-refused'
  if (facts.contentLength > limits.bodyBytes) return 'client-body-too-large'
  const { host, target, addHost } = addressed
  return { host, target, framing, addHost }
}

/** RFC 9112 6.1 and 6.3. Undefined: ambiguous. */
function framingOf(req: ClientRequest, facts: RequestFacts): Screened['framing'] | undefined {
  if (facts.transferEncodings > 0) {
    // HTTP/1.0 knows no Transfer-Encoding: a reader of that version would take the chunks for the next request.
    if (facts.contentLengths > 0 || req.httpVersionMinor === 0) return undefined
    return facts.transferEncodings === 1 && /^chunked$/i.test(facts.transferEncoding)
      ? 'chunked'
      : undefined
  }
  if (facts.contentLengths === 0) return 'none'
  if (facts.contentLengths > 1 || Number.isNaN(facts.contentLength)) return undefined
  return facts.contentLength === 0 ? 'none' : 'length'
}

/** RFC 9112 3.2: exactly one Host; 3.2.2: an absolute-form target must agree with it. */
function addressOf(
  req: ClientRequest,
  facts: RequestFacts,
  hosts: HostReader,
): Omit<Screened, 'framing'> | FailureCode {
  if (facts.hosts > 1) return 'client-host-missing'
  const raw = req.url ?? ''
  if (raw.charCodeAt(0) === 0x2f) {
    const host = facts.hosts === 1 ? hosts.read(facts.host) : undefined
    return host ? { host, target: raw, addHost: undefined } : 'client-host-missing'
  }
  if (raw === '*') return 'client-target-invalid'
  return absoluteForm(req, facts, raw)
}

const ABSOLUTE = /^(https?):\/\/([^/?#@\\]+)(|[/?].*)$/is

function absoluteForm(
  req: ClientRequest,
  facts: RequestFacts,
  raw: string,
): Omit<Screened, 'framing'> | FailureCode {
  const match = ABSOLUTE.exec(raw)
  const host = match && readHost(match[2] as string)
  if (!match || !host) return 'client-target-invalid'
  const scheme = 'encrypted' in req.socket ? 'https' : 'http'
  if ((match[1] as string).toLowerCase() !== scheme) return 'client-target-invalid'
  if (facts.hosts === 0 && req.httpVersionMinor === 1) return 'client-host-missing'
  if (facts.hosts === 1) {
    const said = readHost(facts.host)
    if (!said) return 'client-host-missing'
    const usualPort = scheme === 'https' ? 443 : 80
    const isSamePort = (said.port ?? usualPort) === (host.port ?? usualPort)
    if (said.name !== host.name || !isSamePort) return 'client-host-mismatch'
  }
  const path = match[3] as string
  const target = path.startsWith('/') ? path : `/${path}`
  return { host, target, addHost: facts.hosts === 0 ? (match[2] as string) : undefined }
}

/** RFC 6455 4.1. Anything else that asks for an upgrade is refused, h2c first of all (CVE-2026-88008 of another proxy). */
export function isWebSocketUpgrade(req: ClientRequest, facts: RequestFacts): boolean {
  const options = (facts.connection ?? []).join(',').toLowerCase().split(',')
  return (
    req.method === 'GET' &&
    req.httpVersionMinor === 1 &&
    facts.upgrade?.toLowerCase() === 'websocket' &&
    options.some((option) => option.trim() === 'upgrade') &&
    facts.contentLengths === 0 &&
    facts.transferEncodings === 0 &&
    facts.expect === undefined &&
    hasWebSocketKey(req.rawHeaders)
  )
}

function hasWebSocketKey(raw: readonly string[]): boolean {
  let keys = 0
  let versions = 0
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    if (name === 'sec-websocket-key') {
      if (!/^[A-Za-z0-9+/]{22}==$/.test(raw[i + 1] as string)) return false
      keys++
    } else if (name === 'sec-websocket-version') {
      if (raw[i + 1] !== '13') return false
      versions++
    }
  }
  return keys === 1 && versions === 1
}
