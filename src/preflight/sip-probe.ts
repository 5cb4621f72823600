/** Whether a port speaks SIP without TLS. */
import { converse } from './open-connection.ts'
import { type Endpoint, writeEndpoint } from './surroundings.ts'

export type SipAnswer =
  /** `status` is the first line of the answer: `SIP/2.0 200 OK`. */
  | { readonly kind: 'sip'; readonly status: string }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'not-sip'; readonly seen: string }

const mostBytes = 4096

/** Sends one OPTIONS request (RFC 3261 11) and reads the first line of the answer. Never throws. */
export async function probeSip(
  endpoint: Endpoint,
  domain: string,
  timeoutMs: number,
): Promise<SipAnswer> {
  let received = ''
  const conversation = await converse(endpoint, {
    send: Buffer.from(writeOptions(endpoint, domain), 'latin1'),
    read: (bytes) => {
      received += bytes.toString('latin1').slice(0, mostBytes)
      const end = received.search(/[\r\n]/)
      if (end === -1 && received.length < mostBytes) return undefined
      return received.slice(0, end === -1 ? mostBytes : end)
    },
    timeoutMs,
  })
  if (conversation.kind === 'unreachable') return conversation
  if (conversation.kind === 'ended') return { kind: 'not-sip', seen: silences[conversation.how] }
  const line = conversation.value
  if (line.startsWith('SIP/2.0 ')) return { kind: 'sip', status: line }
  return { kind: 'not-sip', seen: `it answers with ${JSON.stringify(line.slice(0, 40))}` }
}

const silences = {
  silent: 'connected, but it says nothing to a SIP request',
  closed: 'it closes the connection on a SIP request',
  reset: 'it resets the connection on a SIP request',
} as const

function writeOptions(endpoint: Endpoint, domain: string): string {
  const token = 'lyncgate-preflight'
  return [
    `OPTIONS sip:${domain} SIP/2.0`,
    `Via: SIP/2.0/TCP ${writeEndpoint(endpoint)};branch=z9hG4bK-${token}`,
    'Max-Forwards: 0',
    `From: <sip:${token}@${domain}>;tag=${token}`,
    `To: <sip:${domain}>`,
    `Call-ID: ${token}`,
    'CSeq: 1 OPTIONS',
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n')
}
