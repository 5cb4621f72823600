/** Watches the answer to a try of a password: was it the right one? What passes is not changed. */
import { type AnswerShape, keptFields, MOST_BODY_BYTES } from './answer-shape.ts'
import type { SignInKind } from './credentials.ts'
import type { SignInOutcome } from './gate.ts'

export interface WatchSettings {
  readonly kind: SignInKind
  /**
   * Whether a good answer shows that the password was right. A page that asks nobody for a password answers well to
   * any: it must not make a stranger familiar.
   */
  readonly isProof: boolean
  /** Called once, as soon as it is known. */
  readonly onOutcome: (outcome: SignInOutcome) => void
  /** The answer to a wrong password, when all of it has been seen. */
  readonly onRefusal: (shape: AnswerShape) => void
}

/** What is needed of the head of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly reason: string
  /** Names and values in turn. */
  readonly fields: readonly string[]
}

/** WS-Security 12; the error of Lync's web ticket service for a token that is not good; RFC 6749 5.2. */
const SOAP_REFUSAL = /FailedAuthentication|InvalidSecurity|\b28020\b/
const OAUTH_REFUSAL = /invalid_grant|\b28020\b/

export class SignInWatch {
  readonly #settings: WatchSettings
  #head: AnswerHead | undefined
  #body: Buffer[] | undefined
  #bodyBytes = 0
  #outcome: SignInOutcome | undefined

  constructor(settings: WatchSettings) {
    this.#settings = settings
  }

  get isSettled(): boolean {
    return this.#outcome !== undefined
  }

  /** @returns true: it looks like a refusal */
  onHead(head: AnswerHead): boolean {
    this.#head = head
    const atOnce = this.#judgeHead(head)
    if (atOnce) this.settle(atOnce)
    if (atOnce === 'succeeded' || atOnce === 'unknown') return false
    this.#body = []
    return true
  }

  onBody(bytes: Buffer): void {
    if (!this.#body || this.#bodyBytes > MOST_BODY_BYTES) return
    this.#bodyBytes += bytes.length
    this.#body.push(Buffer.from(bytes.subarray(0, MOST_BODY_BYTES)))
    if (this.#bodyBytes > MOST_BODY_BYTES && !this.isSettled) this.settle(this.#judgeBody())
  }

  onComplete(): void {
    if (!this.#head || !this.#body) return
    if (!this.isSettled) this.settle(this.#judgeBody())
    if (this.#outcome !== 'failed' || this.#bodyBytes > MOST_BODY_BYTES) return
    const { status, reason, fields } = this.#head
    // What is encoded is for those who asked for the encoding.
    if (valuesOf(fields, 'content-encoding') !== '') return
    const shape = { status, reason, fields: keptFields(fields), body: Buffer.concat(this.#body) }
    this.#settings.onRefusal(shape)
  }

  settle(outcome: SignInOutcome): void {
    if (this.#outcome) return
    this.#outcome = outcome
    this.#settings.onOutcome(outcome)
  }

  /** Undefined: the body says it. */
  #judgeHead({ status, fields }: AnswerHead): SignInOutcome | undefined {
    const { kind, isProof } = this.#settings
    if (status === 401) return 'failed'
    if (status < 400) return isProof ? 'succeeded' : 'unknown'
    const refusesWith = kind === 'soap' ? 500 : kind === 'oauth' ? 400 : 0
    if (status !== refusesWith) return 'unknown'
    // A client that asks for an encoding must not hide its failures in it.
    if (valuesOf(fields, 'content-encoding') !== '') return 'failed'
    return /\b28020\b/.test(valuesOf(fields, 'x-ms-diagnostics')) ? 'failed' : undefined
  }

  #judgeBody(): SignInOutcome {
    const text = Buffer.concat(this.#body ?? [])
      .toString('latin1')
      .replaceAll('\0', '')
    const refusal = this.#settings.kind === 'soap' ? SOAP_REFUSAL : OAUTH_REFUSAL
    return refusal.test(text) ? 'failed' : 'unknown'
  }
}

function valuesOf(fields: readonly string[], wanted: string): string {
  let values = ''
  for (let i = 0; i + 1 < fields.length; i += 2)
    if ((fields[i] as string).toLowerCase() === wanted) values += `${fields[i + 1]} `
  return values.trim()
}
