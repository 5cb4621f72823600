/** The answers that a client got, as a strict reader sees them. */

export interface ReadAnswer {
  readonly status: number
  /** The mark of the server's answer; undefined: the proxy made it. */
  readonly token: string | undefined
  readonly closes: boolean
  /** The status line, for messages. */
  readonly line: string
}

export interface ReadAnswers {
  /** Final ones, whole. */
  readonly answers: readonly ReadAnswer[]
  /** Bytes behind the last whole answer. */
  readonly rest: string
  readonly wrong: string | undefined
}

/**
 * @param isHead whether the n-th answer belongs to a HEAD request
 * @param isClosed the connection has ended, which completes an answer that is delimited by that
 */
export function readAnswers(
  text: string,
  isHead: (index: number) => boolean,
  isClosed: boolean,
): ReadAnswers {
  const answers: ReadAnswer[] = []
  let rest = text
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return { answers, rest, wrong: undefined }
    const head = rest.slice(0, end)
    const [, digits] =
      /^HTTP\/1\.1 ([1-5][0-9]{2}) [^\r\n]*(?:\r\n[\w!#$%&'*+.^`|~-]+: [^\r\n]*)*$/.exec(head) ?? []
    if (digits === undefined)
      return { answers, rest, wrong: `a malformed answer ${JSON.stringify(head)}` }
    const status = Number(digits)
    const behind = rest.slice(end + 4)
    if (status < 200) {
      rest = behind
      continue
    }
    const field = (name: string): string | undefined =>
      new RegExp(`\\r\\n${name}: ([^\\r\\n]*)`, 'i').exec(head)?.[1]
    const token = field('x-token')
    if ((token === undefined) !== (field('x-lyncgate-request-id') !== undefined))
      return { answers, rest, wrong: `an answer of nobody ${JSON.stringify(text)}` }
    const closes = /^close$/i.test(field('connection') ?? '')
    const isOwnEnd = token === undefined && closes
    const length =
      isHead(answers.length) && !(isOwnEnd && behind !== '')
        ? 0
        : bodyLength(behind, field, isClosed)
    if (length === undefined) return { answers, rest, wrong: undefined }
    answers.push({ status, token, closes, line: head.split('\r\n')[0] ?? '' })
    rest = behind.slice(length)
  }
}

function bodyLength(
  behind: string,
  field: (name: string) => string | undefined,
  isClosed: boolean,
): number | undefined {
  if (field('transfer-encoding') !== undefined) {
    const end = /^(?:[1-9a-f][0-9a-f]*\r\nok\r\n)?0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(behind)
    return end?.[0].length
  }
  const length = field('content-length')
  if (length === undefined) return isClosed ? behind.length : undefined
  return behind.length < Number(length) ? undefined : Number(length)
}
