/** Has an OCSP response ready for each certificate that names a responder. Runs in one process, for all that serve. */
import type { MetricJson } from '../../observe/metrics/metric-json.ts'
import { OcspMetrics } from '../../observe/metrics/ocsp-metrics.ts'
import type { LoadedCertificate } from '../certificate.ts'
import type { Staple } from './staple.ts'
import { subjectOf, UNSTAPLABLE } from './staple-subject.ts'
import { type StapleEnvironment, StapleWatch } from './staple-watch.ts'

export interface StaplingScope extends StapleEnvironment {
  /** All that can be stapled now; called whenever that changes. */
  readonly onChange: (staples: readonly Staple[]) => void
}

export class Stapling {
  readonly #scope: StaplingScope
  readonly #metrics = new OcspMetrics()
  /** By chain; undefined: it cannot be stapled, and the log says so already. */
  #watches = new Map<string, StapleWatch | undefined>()

  constructor(scope: StaplingScope) {
    this.#scope = scope
  }

  /** These from now on, and no others: those that are gone are forgotten, those that stay keep what they have. */
  watch(certificates: readonly LoadedCertificate[]): void {
    const before = this.#watches
    this.#watches = new Map(
      certificates.map((each) => [each.certPem, before.get(each.certPem)] as const),
    )
    const gone = [...before].filter(([chain]) => !this.#watches.has(chain))
    for (const [, watch] of gone) watch?.stop()
    if (gone.some(([, watch]) => watch?.staple)) this.#publish()
    for (const certificate of certificates) {
      const { certPem } = certificate
      if (!before.has(certPem) && !this.#watches.get(certPem))
        this.#watches.set(certPem, this.#begin(certificate))
    }
  }

  stop(): void {
    for (const watch of this.#watches.values()) watch?.stop()
  }

  collect(): readonly MetricJson[] {
    return this.#metrics.collect(
      this.#all.map(({ names: [name = ''], staple }) => ({
        name,
        expiresAtMs: staple?.expiresAtMs,
      })),
    )
  }

  #begin(certificate: LoadedCertificate): StapleWatch | undefined {
    const subject = subjectOf(certificate)
    if (typeof subject !== 'string') {
      return new StapleWatch(certificate, subject, {
        ...this.#scope,
        onOutcome: (outcome) => this.#metrics.record(outcome),
        onChange: () => this.#publish(),
      })
    }
    const { names, issuer } = certificate
    const { why: reason } = UNSTAPLABLE[subject]
    this.#scope.logger.info({ names, issuer, reason }, 'certificate cannot be stapled')
    return undefined
  }

  #publish(): void {
    this.#scope.onChange(this.#all.flatMap(({ staple }) => staple ?? []))
  }

  get #all(): readonly StapleWatch[] {
    return [...this.#watches.values()].flatMap((watch) => watch ?? [])
  }
}
