/** A valid configuration as plain data: what another process needs to serve by it. It survives structuredClone. */
import type { LoadedCertificate } from '../certificates/certificate-store.ts'
import type { Rules } from '../config/rules.ts'

/** Everything that was read from files. Whoever has it reads nothing again, so two processes cannot differ. */
export interface Material {
  readonly revision: number
  readonly rules: Rules
  readonly certificates: readonly LoadedCertificate[]
  /** The roots towards each pool, as one PEM text, by the name of the pool. */
  readonly trusts: ReadonlyMap<string, string>
  /** What keys of TLS session tickets are made from. */
  readonly ticketSecret: Uint8Array
}
