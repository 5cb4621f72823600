/** The beginning of a body, if it is text. Bounded per body, and over all that are held at a time. */
import { isSecretName, redactTarget } from '../observe/redact.ts'
import { traceLimits } from './trace-request.ts'

/** What all recorders of a process hold. */
export interface BodyBudget {
  heldBytes: number
}

const TEXTUAL =
  /^\s*(?:text\/|application\/(?:[\w.+-]*(?:xml|json|javascript)|x-www-form-urlencoded))/i

export interface RecordedBody {
  readonly text: string
  readonly comment: string | undefined
}

export class BodyRecorder {
  readonly #budget: BodyBudget
  #chunks: Buffer[] = []
  #held = 0
  #isCut = false

  constructor(budget: BodyBudget) {
    this.#budget = budget
  }

  add(bytes: Buffer): void {
    const room = Math.min(
      traceLimits.bodyBytes - this.#held,
      traceLimits.heldBytes - this.#budget.heldBytes,
    )
    if (bytes.length > room) this.#isCut = true
    if (room <= 0) return
    // A copy: the bytes are a part of a larger buffer that would be held with them.
    const own = Buffer.from(bytes.subarray(0, room))
    this.#chunks.push(own)
    this.#held += own.length
    this.#budget.heldBytes += own.length
  }

  /** Nobody will read it any more. */
  drop(): void {
    this.#budget.heldBytes -= this.#held
    this.#chunks = []
    this.#held = 0
  }

  /** @param fields those of the message. Undefined: there is nothing to show. */
  read(fields: readonly string[]): RecordedBody | undefined {
    const bytes = Buffer.concat(this.#chunks)
    const type = fieldValue(fields, 'content-type') ?? ''
    if (bytes.length === 0) return undefined
    if (!TEXTUAL.test(type)) return { text: '', comment: 'no text' }
    if (fieldValue(fields, 'content-encoding') !== undefined)
      return { text: '', comment: 'compressed' }
    const encoding = /charset="?utf-16/i.test(type) ? 'utf16le' : 'utf8'
    return {
      text: redactBody(bytes.toString(encoding), type),
      comment: this.#isCut ? `the first ${bytes.length} bytes` : undefined,
    }
  }
}

/** The last value of a field in a flat list. */
export function fieldValue(fields: readonly string[], name: string): string | undefined {
  for (let i = fields.length - 2; i >= 0; i -= 2)
    if ((fields[i] as string).toLowerCase() === name) return fields[i + 1]
  return undefined
}

/** Elements and values that are called like secrets. Others may be there: whoever asks for bodies is warned. */
function redactBody(text: string, type: string): string {
  if (/x-www-form-urlencoded/i.test(type))
    // A form has the pairs of a query.
    return text
      .split('&')
      .map((pair) => redactTarget(`/?${pair}`).slice(2))
      .join('&')
  return text
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, plain: string) => plain.replace(/[<>]/g, ' '))
    .replace(/<([\w:.-]{1,80})([^<>]{0,400})>([^<]+)/g, (all, name: string, more: string) =>
      isSecretElement(name) ? `<${name}${more}>***` : all,
    )
    .replace(
      /"([^"\\]{1,80})"(\s{0,20}:\s{0,20})"(?:[^"\\]|\\.)*"?/g,
      (all, name: string, mark: string) => (isSecretName(name) ? `"${name}"${mark}"***"` : all),
    )
}

const isSecretElement = (name: string): boolean =>
  isSecretName(name) || /cipher|digestvalue|keyidentifier|modulus|x509/i.test(name)
