/** The certificate that a TLS port presents, read without completing a handshake. */
import { randomBytes, type X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { writeClientHello } from './client-hello.ts'
import { converse } from './open-connection.ts'
import { createFlightReader, type Flight } from './server-flight.ts'
import type { Endpoint } from './surroundings.ts'

export type TlsAnswer =
  | {
      readonly kind: 'tls'
      /** `TLS 1.2`; `TLS 1.3` only where nothing older is spoken. */
      readonly version: string
      /** DER, the server's own first; not empty. */
      readonly chain: readonly Buffer[]
      /** Whether a client certificate is asked for; undefined: TLS 1.3 does not say so in the clear. */
      readonly asksForCertificate: boolean | undefined
    }
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** The port is open, but no certificate came. `seen` says what did; `isTls`: it was TLS all the same. */
  | { readonly kind: 'no-certificate'; readonly isTls: boolean; readonly seen: string }

export interface TlsProbeOptions {
  readonly serverName: string | undefined
  readonly timeoutMs: number
}

const protocolVersionAlert = 70

/** Never throws. At most two connections: the second one for servers that speak TLS 1.3 only. */
export async function probeTls(endpoint: Endpoint, options: TlsProbeOptions): Promise<TlsAnswer> {
  const { serverName, timeoutMs } = options
  const readFlight = createFlightReader()
  const conversation = await converse(endpoint, {
    send: writeClientHello(serverName, randomBytes(32)),
    read: (bytes) => {
      const flight = readFlight(bytes)
      return flight.kind === 'more' ? undefined : flight
    },
    timeoutMs,
  })
  if (conversation.kind === 'unreachable') return conversation
  if (conversation.kind === 'ended') return noCertificate(false, silences[conversation.how])
  const flight = conversation.value
  if (flight.kind === 'alert' && flight.code === protocolVersionAlert) {
    const newer = await probeTls13(endpoint, options)
    if (newer) return newer
  }
  return answerOf(flight)
}

const silences = {
  silent: 'connected, but it says nothing to a TLS greeting',
  closed: 'it closes the connection on a TLS greeting',
  reset: 'it resets the connection on a TLS greeting',
} as const

const noCertificate = (isTls: boolean, seen: string): TlsAnswer => ({
  kind: 'no-certificate',
  isTls,
  seen,
})

function answerOf(flight: Exclude<Flight, { kind: 'more' }>): TlsAnswer {
  if (flight.kind === 'not-tls')
    return noCertificate(false, 'it answers with something else than TLS')
  if (flight.kind === 'alert') return noCertificate(true, `TLS alert ${alertName(flight.code)}`)
  if (flight.kind === 'broken') return noCertificate(true, `broken TLS: ${flight.why}`)
  const { version, chain, asksForCertificate } = flight
  if (chain.length === 0) return noCertificate(true, `${version} without a certificate`)
  return { kind: 'tls', version, chain, asksForCertificate }
}

/** RFC 5246 7.2 and RFC 6066 9, those that servers send here. */
const alertNames: Readonly<Record<number, string>> = {
  40: 'handshake_failure',
  47: 'illegal_parameter',
  49: 'access_denied',
  50: 'decode_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  112: 'unrecognized_name',
}

const alertName = (code: number): string => alertNames[code] ?? String(code)

/** TLS 1.3 hides the certificate, so that a real handshake is needed. Undefined: that did not work either. */
function probeTls13(
  endpoint: Endpoint,
  { serverName, timeoutMs }: TlsProbeOptions,
): Promise<TlsAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host: endpoint.address,
      port: endpoint.port,
      ...(serverName === undefined ? {} : { servername: serverName }),
      minVersion: 'TLSv1.3',
      // Whatever is presented shall be read; the judgement comes later.
      rejectUnauthorized: false,
    })
    const finish = (answer: TlsAnswer | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => finish(undefined), timeoutMs)
    socket.on('error', () => finish(undefined))
    socket.on('secureConnect', () => {
      const chain = sentChain(socket.getPeerX509Certificate())
      finish(
        chain.length === 0
          ? undefined
          : { kind: 'tls', version: 'TLS 1.3', chain, asksForCertificate: undefined },
      )
    })
  })
}

function sentChain(leaf: X509Certificate | undefined): readonly Buffer[] {
  const chain: Buffer[] = []
  for (let next = leaf; next && chain.length < 10; next = next.issuerCertificate)
    chain.push(next.raw)
  return chain
}
