/** Feeds an answer to the response parser, in pieces of any size, and writes down what comes out. */
import { ResponseParser } from '../../src/forward/response-parser.ts'

export interface ParsedHead {
  readonly status: number
  readonly reason: string
  readonly fields: readonly string[]
  readonly framing: string
  readonly keepsAlive: boolean
}

export interface ParsedAnswer {
  readonly informations: readonly ParsedHead[]
  readonly head: ParsedHead | undefined
  /** latin1. */
  readonly body: string
  /** Undefined: the answer is not complete. */
  readonly trailers: readonly string[] | undefined
  readonly wrong: string | undefined
  /** Bytes behind the end of the answer. */
  readonly surplus: number
}

export interface AnswerInput {
  /** latin1, piece by piece. */
  readonly pieces: readonly string[]
  readonly method?: string
  /** The server ends its side after the last piece. */
  readonly ends?: boolean
}

export function parseAnswer({ pieces, method = 'GET', ends = false }: AnswerInput): ParsedAnswer {
  const informations: ParsedHead[] = []
  let head: ParsedHead | undefined
  let body = ''
  let trailers: readonly string[] | undefined
  let wrong: string | undefined
  let surplus = 0
  const parser = new ResponseParser({
    onInformation: ({ contentLength: _, ...rest }) => void informations.push(rest),
    onHead: ({ contentLength: _, ...rest }) => {
      head = rest
    },
    onBody: (bytes) => {
      if (bytes.length === 0) throw new Error('an empty piece of body')
      body += bytes.toString('latin1')
    },
    onComplete: (found) => {
      trailers = [...found]
    },
    onMalformed: (what) => {
      if (wrong !== undefined) throw new Error('malformed twice')
      wrong = what
    },
  })
  parser.expect(method)
  for (const piece of pieces) {
    // A copy that is spoilt afterwards: the parser must not hold on to a buffer that the socket will use again.
    const bytes = Buffer.from(piece, 'latin1')
    surplus += parser.execute(bytes)
    bytes.fill(0x58)
  }
  if (ends) parser.finish()
  return {
    informations,
    head,
    body,
    trailers,
    wrong,
    surplus: wrong === undefined ? surplus : 0,
  }
}
