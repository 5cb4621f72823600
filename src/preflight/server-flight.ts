/** Reads what a TLS server (up to 1.2) says after a ClientHello, as far as ServerHelloDone (RFC 5246 7.3). */

export type Flight =
  | { readonly kind: 'more' }
  | {
      readonly kind: 'done'
      /** `TLS 1.2` */
      readonly version: string
      /** DER, as sent: the server's own first. */
      readonly chain: readonly Buffer[]
      /** The server wants a client certificate: mutual TLS. */
      readonly asksForCertificate: boolean
    }
  | { readonly kind: 'alert'; readonly code: number }
  | { readonly kind: 'not-tls' }
  /** TLS, but against the protocol or over a limit. */
  | { readonly kind: 'broken'; readonly why: string }

/** An honest flight is 3 to 20 KiB; a CertificateRequest of Windows may name hundreds of authorities. */
const mostBytes = 128 * 1024
const mostCertificates = 10

const recordTypes = { alert: 21, handshake: 22 } as const
const messageTypes = { serverHello: 2, certificate: 11, certificateRequest: 13, done: 14 } as const
const warningLevel = 1

/** Takes bytes as they come; says what is known after each piece. The first answer other than `more` is final. */
export function createFlightReader(): (bytes: Uint8Array) => Flight {
  let received = 0
  let pending: Buffer = Buffer.alloc(0)
  let messages: Buffer = Buffer.alloc(0)
  let version = ''
  let chain: readonly Buffer[] = []
  let asksForCertificate = false

  function readMessages(): Flight {
    while (messages.length >= 4) {
      const length = messages.readUIntBE(1, 3)
      if (length > mostBytes) return broken('a message that is too long')
      if (messages.length < 4 + length) break
      const type = messages[0]
      const body = messages.subarray(4, 4 + length)
      messages = messages.subarray(4 + length)
      if (type === messageTypes.serverHello) version = versionName(body)
      if (type === messageTypes.certificate) {
        const certificates = readCertificates(body)
        if (!certificates) return broken('a certificate list that cannot be read')
        chain = certificates
      }
      if (type === messageTypes.certificateRequest) asksForCertificate = true
      if (type === messageTypes.done) return { kind: 'done', version, chain, asksForCertificate }
    }
    return { kind: 'more' }
  }

  return (bytes) => {
    received += bytes.length
    if (received > mostBytes) return broken('too many bytes before the end of the handshake')
    pending = Buffer.concat([pending, bytes])
    while (pending.length >= 5) {
      const [type, major] = pending
      if ((type !== recordTypes.alert && type !== recordTypes.handshake) || major !== 3)
        return { kind: 'not-tls' }
      const length = pending.readUInt16BE(3)
      if (length > 18_432) return broken('a record that is too long')
      if (pending.length < 5 + length) break
      const payload = pending.subarray(5, 5 + length)
      pending = pending.subarray(5 + length)
      if (type === recordTypes.alert) {
        if (payload.length < 2) return broken('half an alert')
        // "unrecognized_name" as a warning: the handshake goes on.
        if (payload[0] !== warningLevel) return { kind: 'alert', code: payload[1] ?? 0 }
        continue
      }
      messages = Buffer.concat([messages, payload])
      const flight = readMessages()
      if (flight.kind !== 'more') return flight
    }
    // Whoever does not speak TLS may say less than a record's head.
    if (
      pending.length > 0 &&
      pending[0] !== recordTypes.alert &&
      pending[0] !== recordTypes.handshake
    )
      return { kind: 'not-tls' }
    return { kind: 'more' }
  }
}

const broken = (why: string): Flight => ({ kind: 'broken', why })

function versionName(serverHello: Buffer): string {
  const minor = serverHello[1] ?? 0
  return minor === 0 ? 'SSL 3.0' : `TLS 1.${minor - 1}`
}

function readCertificates(body: Buffer): readonly Buffer[] | undefined {
  if (body.length < 3 || body.readUIntBE(0, 3) !== body.length - 3) return undefined
  const certificates: Buffer[] = []
  let rest = body.subarray(3)
  while (rest.length > 0) {
    if (rest.length < 3) return undefined
    const length = rest.readUIntBE(0, 3)
    if (rest.length < 3 + length) return undefined
    if (certificates.length < mostCertificates) certificates.push(rest.subarray(3, 3 + length))
    rest = rest.subarray(3 + length)
  }
  return certificates
}
