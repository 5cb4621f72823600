/** Finds the certificates to show by the name that a client asks for (SNI). */
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { canonicalName, type LoadedCertificate, wildcardOf } from './certificate.ts'

/** What a server shows; with several, OpenSSL takes the one whose key the client can use. */
export interface Shown {
  readonly cert: readonly string[]
  readonly key: readonly string[]
}

/** The contexts of a name. */
interface Choice {
  readonly first: SecureContext
  readonly rsa: SecureContext | undefined
  readonly ec: SecureContext | undefined
}

/**
 * Finds a context by name: exact before wildcard, the first certificate of the file before later ones. One with RSA and
 * one with ECDSA for the same name stand side by side. Node takes only one certificate out of the context that belongs
 * to a name, so OpenSSL cannot choose between them as it does without a name: the caller says what the client can do.
 */
export class CertificateStore {
  readonly #choices = new Map<string, Choice>()

  /** @param options protocol versions and ciphers of a profile */
  constructor(certificates: readonly LoadedCertificate[], options: SecureContextOptions) {
    // Making a context costs more than a handshake: one certificate with many names gets one.
    const contexts = new Map(
      certificates.map((each) => [
        each,
        createSecureContext({ ...options, cert: each.certPem, key: each.keyPem }),
      ]),
    )
    const contextOf = (each: LoadedCertificate | undefined) => each && contexts.get(each)
    for (const name of new Set(certificates.flatMap(({ names }) => names))) {
      const own = certificates.filter(({ names }) => names.includes(name))
      const first = contextOf(own[0])
      const ofKind = (kind: string) => contextOf(own.find(({ keyType }) => keyType === kind))
      if (first) this.#choices.set(name, { first, rsa: ofKind('rsa'), ec: ofKind('ec') })
    }
  }

  /**
   * @param serverName as it came in the ClientHello
   * @param takesEcdsa whether the client can use an ECDSA certificate; undefined: not known
   */
  lookup(serverName: string, takesEcdsa: boolean | undefined): SecureContext | undefined {
    const name = canonicalName(serverName)
    const choice = this.#choices.get(name) ?? this.#choices.get(wildcardOf(name))
    if (takesEcdsa === undefined) return choice?.first
    return (takesEcdsa ? choice?.ec : choice?.rsa) ?? choice?.first
  }
}

/** Whether it matters what kind of key a client can use. */
export function hasBothKinds(certificates: readonly LoadedCertificate[]): boolean {
  const kinds = new Set(certificates.map(({ keyType }) => keyType))
  return kinds.has('rsa') && kinds.has('ec')
}

/**
 * For clients that ask for no name: the first certificate of the file, and beside it the first one with another kind of
 * key that covers all of its names. OpenSSL chooses.
 */
export function shownWithoutName(certificates: readonly LoadedCertificate[]): Shown {
  const [first] = certificates
  if (!first) return { cert: [], key: [] }
  const same = certificates.filter((each) => first.names.every((name) => each.names.includes(name)))
  const shown = same.filter(
    ({ keyType }, index) => same.findIndex((each) => each.keyType === keyType) === index,
  )
  return { cert: shown.map(({ certPem }) => certPem), key: shown.map(({ keyPem }) => keyPem) }
}
