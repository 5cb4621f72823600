/**
 * Our parser of answers beside Node's client and undici.
 *
 * What ours takes for a whole answer, the others must take for the same one; what ours refuses it must refuse with one
 * of its own words. A refusal of ours where others go on is fine, the reverse is not.
 */
import { parseAnswer } from '../support/parse-answer.ts'
import type { AnswerBytes } from './answer-bytes.ts'
import {
  type OthersReading,
  type OthersRefusal,
  readWithNode,
  readWithUndici,
} from './other-clients.ts'

/** Everything that our parser says when it refuses. One that is not here is a bug, of the parser or of this list. */
export const refusals = new Set([
  'a chunk does not end where it should',
  'a chunk line is malformed',
  'a chunk line is too long',
  'a field name is malformed',
  'a field value has control characters',
  'a 1xx answer in HTTP/1.0',
  'an upgrade that was not asked for',
  'Content-Length is malformed or repeated',
  'the head is too large',
  'the status line is malformed',
  'the trailers are too large',
  'too many 1xx answers',
  'Transfer-Encoding and Content-Length together',
  'Transfer-Encoding in an HTTP/1.0 answer',
  'Transfer-Encoding is not just chunked',
])

/** Where the others refuse and ours does not, and that is right. */
const tolerated: readonly {
  readonly who: 'node' | 'undici'
  readonly when: (refusal: string, text: string) => boolean
  readonly why: string
}[] = [
  {
    who: 'undici',
    when: (refusal, text) => /bad response/.test(refusal) && /HTTP\/1\.[01] 1\d\d/.test(text),
    why: 'undici takes no 100 that it did not ask for',
  },
  {
    who: 'node',
    when: (refusal, text) =>
      /^HPE_(?:INVALID_CHUNK_SIZE|STRICT|CR_EXPECTED)$/.test(refusal) && ODD_CHUNK_LINE.test(text),
    why: 'blanks behind the size (old servers fill up with them) and odd extensions go no further than our parser',
  },
  {
    who: 'undici',
    when: (refusal, text) =>
      /UND_ERR_RES_CONTENT_LENGTH_MISMATCH/.test(refusal) &&
      /content-length:[^\r\n]*[ \t]\r\n/i.test(text),
    why: 'undici does not take the blanks behind a length off (RFC 9110 5.5)',
  },
  ...(['node', 'undici'] as const).map((who) => ({
    who,
    when: (refusal: string, text: string) =>
      /Content-Length|Transfer-Encoding|HPE_INVALID_(?:CONTENT_LENGTH|TRANSFER_ENCODING)|HPE_UNEXPECTED_CONTENT_LENGTH/.test(
        refusal,
      ) && /\r\n0[^\r\n]*\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding):/i.test(text),
    why: 'trailers about the length are not passed on (RFC 9110 6.5.1)',
  })),
  {
    who: 'undici',
    when: (refusal, text) => /chunk/.test(refusal) && ODD_CHUNK_LINE.test(text),
    why: 'the same',
  },
]

const ODD_CHUNK_LINE = /\r\n[0-9A-Fa-f]+(?:[ \t]+|[ \t]*;[^\r\n]*)\r\n/

/** @returns what is wrong; undefined: all is well */
export async function runBack(bytes: AnswerBytes): Promise<string | undefined> {
  const { method, pieces } = bytes
  const ours = parseAnswer({ pieces, method, ends: true })
  if (ours.wrong !== undefined && !refusals.has(ours.wrong)) return `a new refusal: ${ours.wrong}`
  if (ours.wrong !== undefined || ours.trailers === undefined) return undefined
  const text = pieces.join('')
  // What follows the answer is nobody's; the others would complain of it before they hand over what they have.
  const answer = { method, pieces: [text.slice(0, text.length - ours.surplus)] }
  for (const [who, read] of [
    ['node', readWithNode],
    ['undici', readWithUndici],
  ] as const) {
    const theirs = await read(answer)
    // llhttp does not take a tab behind "chunked" off, as RFC 9110 5.5 asks, and reads on to the end of the connection.
    if (/transfer-encoding:[^\r\n]*\t\r\n/i.test(text)) continue
    const wrong = disagreement(ours as Complete, theirs)
    if (wrong === undefined) continue
    const isFine =
      typeof theirs === 'string' &&
      tolerated.some((each) => each.who === who && each.when(theirs, text))
    if (!isFine) return `${who}: ${wrong}`
  }
  return undefined
}

type Complete = Required<ReturnType<typeof parseAnswer>>

function disagreement(ours: Complete, theirs: OthersReading | OthersRefusal): string | undefined {
  if (typeof theirs === 'string') return `refuses what we take (${theirs})`
  if (theirs.status !== ours.head?.status) return `status ${theirs.status}`
  if (theirs.body !== ours.body)
    return `body ${JSON.stringify(theirs.body)}, ours ${JSON.stringify(ours.body)}`
  if (!isSame(theirs.fields, ours.head.fields)) return `fields ${JSON.stringify(theirs.fields)}`
  if (theirs.trailers && !isSame(theirs.trailers, ours.trailers ?? []))
    return `trailers ${JSON.stringify(theirs.trailers)}`
  return undefined
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  // undici leaves blanks behind some values.
  one.length === other.length &&
  one.every((part, index) => part.replace(/[ \t]+$/, '') === other[index])
