/** A valid configuration as plain data: what another process needs to serve by it. It survives structuredClone. */
import type { LoadedCertificate } from '../certificates/certificate.ts'
import type { Rules } from '../config/rules.ts'
import type { BackendTrust } from './backend-trust.ts'

/** Everything that was read from files. Whoever has it reads nothing again, so two processes cannot differ. */
export interface Material {
  readonly revision: number
  /** When its files were read. */
  readonly readAt: Date
  readonly rules: Rules
  readonly certificates: readonly LoadedCertificate[]
  /** Names that certificates are obtained for, whether there is one yet or not. */
  readonly acmeNames: readonly string[]
  /** How the servers of each pool are trusted, by the name of the pool. */
  readonly trusts: ReadonlyMap<string, BackendTrust>
  /** What keys of TLS session tickets are made from. */
  readonly ticketSecret: Uint8Array
}
