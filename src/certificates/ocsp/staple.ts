/** OCSP responses that are ready to be stapled: plain data, handed from the process that asks to those that serve. */
import { createHash } from 'node:crypto'

export interface Staple {
  /** SHA-256 of the certificate (DER), hexadecimal. */
  readonly certificate: string
  /** DER, as the responder sent it. */
  readonly response: Uint8Array
  /** Wall-clock milliseconds. */
  readonly expiresAtMs: number
}

export const certificateHash = (der: Uint8Array): string =>
  createHash('sha256').update(der).digest('hex')

/** What handshakes ask. */
export class Staples {
  #byCertificate: ReadonlyMap<string, Staple> = new Map()

  /** These and no others from now on. */
  adopt(staples: readonly Staple[]): void {
    this.#byCertificate = new Map(staples.map((each) => [each.certificate, each]))
  }

  /** @param der the certificate that is shown. Undefined: there is none, or it has expired */
  find(der: Uint8Array, wallNowMs: number): Buffer | undefined {
    if (this.#byCertificate.size === 0) return undefined
    const staple = this.#byCertificate.get(certificateHash(der))
    return staple && staple.expiresAtMs > wallNowMs ? Buffer.from(staple.response) : undefined
  }
}
