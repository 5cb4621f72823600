/** The names in a certificate that is shown in clear, which up to TLS 1.2 those of both sides are. */
import { X509Certificate } from 'node:crypto'
import { ByteReader } from './byte-reader.ts'

/** The type of the message. */
export const CERTIFICATE = 11

const MAX_NAMES = 20
const MAX_CERTIFICATE = 16 * 1_024

/**
 * The common name and the DNS names of the first certificate in the body of a Certificate message (RFC 5246 7.4.2),
 * each once, at most 20. For the log: nothing here has been verified.
 */
export function readCertificateNames(body: Buffer): readonly string[] {
  const list = new ByteReader(new ByteReader(body).vector(3) ?? EMPTY)
  const der = list.vector(3)
  if (!der || der.length === 0 || der.length > MAX_CERTIFICATE) return []
  try {
    const { subject, subjectAltName } = new X509Certificate(der)
    const names = [commonName(subject), ...dnsNames(subjectAltName)]
    return [...new Set(names.filter((name) => name !== undefined))].slice(0, MAX_NAMES)
  } catch {
    return [] // OpenSSL cannot read it
  }
}

/** One attribute per line. Client certificates have the names of persons too. */
function commonName(subject: string | undefined): string | undefined {
  const line = subject?.split('\n').find((each) => each.startsWith('CN='))
  const name = line?.slice('CN='.length)
  return name !== undefined && PRINTABLE.test(name) ? name : undefined
}

/** RFC 5280: at most 64 characters. */
const PRINTABLE = /^[^\p{C}]{1,64}$/u

/** Node puts in quotes what could be taken for two names, and quotes are in no DNS name. */
const dnsNames = (text = ''): readonly string[] =>
  text
    .split(', ')
    .filter((each) => each.startsWith('DNS:'))
    .map((each) => each.slice('DNS:'.length))
    .filter((name) => DNS_NAME.test(name))

const DNS_NAME = /^[A-Za-z0-9*_.-]{1,253}$/

const EMPTY = Buffer.alloc(0)
