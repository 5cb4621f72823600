/** Keeps the OCSP response of one certificate fresh. What it has is stapled until it expires, whatever comes after. */
import type { Result } from '../../base/result.ts'
import type { Logger } from '../../observe/logger.ts'
import type { OcspOutcome } from '../../observe/metrics/ocsp-metrics.ts'
import type { LoadedCertificate } from '../certificate.ts'
import type { Question } from './ask-responder.ts'
import { judgeResponse, type Verdict } from './judge-response.ts'
import { ocspRequest } from './ocsp-request.ts'
import { refreshDelayMs, retryDelayMs } from './refresh-times.ts'
import { certificateHash, type Staple } from './staple.ts'
import type { StapleSubject } from './staple-subject.ts'

export interface StapleEnvironment {
  readonly logger: Logger
  readonly now: () => Date
  /** 0 to 1. */
  readonly chance: () => number
  /** Calls later; the result takes it back. */
  readonly after: (ms: number, act: () => void) => () => void
  readonly ask: (question: Question) => Promise<Result<Buffer, string>>
}

export interface StapleWatchScope extends StapleEnvironment {
  readonly onOutcome: (outcome: OcspOutcome) => void
  /** Another response is to be stapled, or none. */
  readonly onChange: () => void
}

/** Handshakes never wait for this. */
const TIMEOUT_MS = 10_000

export class StapleWatch {
  readonly names: readonly string[]
  staple: Staple | undefined
  readonly #scope: StapleWatchScope
  readonly #subject: StapleSubject
  readonly #facts: Record<string, unknown>
  readonly #stopped = new AbortController()
  #cancel = (): void => {}
  #failures = 0
  /** What was said later than this holds: an older "good" must not take back a "revoked". */
  #saidAtMs = 0

  constructor(
    { names, issuer, serialNumber }: LoadedCertificate,
    subject: StapleSubject,
    scope: StapleWatchScope,
  ) {
    this.names = names
    this.#subject = subject
    this.#scope = scope
    this.#facts = { names, issuer, serialNumber, responder: subject.url.href }
    void this.#ask()
  }

  stop(): void {
    this.#cancel()
    this.#stopped.abort()
  }

  async #ask(): Promise<void> {
    const { ask, now } = this.#scope
    const { signal } = this.#stopped
    const { url } = this.#subject
    const request = ocspRequest(this.#subject)
    const asked = await ask({ url, request, timeoutMs: TIMEOUT_MS, signal })
    if (signal.aborted) return
    if (!asked.ok) return this.#onFailure('unreachable', asked.error)
    this.#onVerdict(judgeResponse(asked.value, this.#subject, now()), asked.value)
  }

  #onVerdict(verdict: Verdict, response: Buffer): void {
    if (verdict.kind === 'unusable') return this.#onFailure('unusable', verdict.reason)
    if (verdict.kind === 'unknown')
      return this.#onFailure('unknown', 'the responder does not know the certificate')
    const saidAtMs = verdict.thisUpdate.getTime()
    if (saidAtMs < this.#saidAtMs)
      return this.#onFailure('unusable', 'an answer older than the last')
    this.#saidAtMs = saidAtMs
    if (verdict.kind === 'revoked') return this.#onRevoked()
    const expiresAtMs = verdict.nextUpdate.getTime()
    const certificate = certificateHash(this.#subject.leaf.raw)
    this.staple = { certificate, response, expiresAtMs }
    this.#failures = 0
    this.#scope.onOutcome('good')
    this.#scope.onChange()
    const { names } = this
    this.#scope.logger.info({ names, until: verdict.nextUpdate }, 'OCSP response fetched')
    this.#askIn(refreshDelayMs(verdict, this.#scope.now(), this.#scope.chance()))
  }

  /** Clients that ask the authority themselves refuse the certificate; stapling would only tell the others. */
  #onRevoked(): void {
    this.staple = undefined
    this.#scope.onOutcome('revoked')
    this.#scope.onChange()
    this.#scope.logger.error({ ...this.#facts }, 'certificate is revoked')
    this.#askIn(this.#retryMs())
  }

  #onFailure(outcome: OcspOutcome, reason: string): void {
    this.#scope.onOutcome(outcome)
    const retryMs = Math.round(this.#retryMs())
    const stapledUntil = this.staple && new Date(this.staple.expiresAtMs)
    this.#scope.logger.warn({ ...this.#facts, reason, retryMs, stapledUntil }, 'no OCSP response')
    this.#askIn(retryMs)
  }

  #retryMs(): number {
    this.#failures++
    return retryDelayMs(this.#failures, this.#scope.chance())
  }

  #askIn(ms: number): void {
    this.#cancel = this.#scope.after(ms, () => void this.#ask())
  }
}
