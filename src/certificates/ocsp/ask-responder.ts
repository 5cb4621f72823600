/** Asks a responder over HTTP (RFC 6960 appendix A, RFC 5019 5). Bounded in size and time; follows no redirect. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { failed, ok, type Result } from '../../base/result.ts'

/** A response has one to four kilobytes. */
const MAX_BYTES = 65_536

/** A longer question is sent as a body, so that what is cached between here and there is found by its address. */
const MAX_GET_CHARACTERS = 255

export interface Question {
  readonly url: URL
  /** DER. */
  readonly request: Buffer
  /** For the whole of it, names and connection included. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** The bytes of the answer, whatever they are; the error says for the log what came in between. */
export async function askResponder(question: Question): Promise<Result<Buffer, string>> {
  const late = AbortSignal.timeout(question.timeoutMs)
  const signal = AbortSignal.any([question.signal, late])
  try {
    const response = await send(question, signal)
    if (response.statusCode !== 200) {
      response.destroy()
      return failed(`status ${response.statusCode}`)
    }
    return await readBounded(response)
  } catch (error) {
    if (late.aborted) return failed('no answer in time')
    return failed((error as NodeJS.ErrnoException).code ?? (error as Error).message)
  }
}

function send({ url, request: der }: Question, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = openRequest(url, der, signal)
    asked.on('response', resolve)
    asked.on('error', reject)
  })
}

function openRequest(url: URL, der: Buffer, signal: AbortSignal): ClientRequest {
  const headers = { Accept: 'application/ocsp-response' }
  const options = { signal, agent: false, headers }
  const base = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`
  const path = `${base}${encodeURIComponent(der.toString('base64'))}`
  if (url.search === '' && path.length <= MAX_GET_CHARACTERS) {
    const whole = new URL(url)
    whole.pathname = path
    return request(whole, options).end()
  }
  const type = { 'Content-Type': 'application/ocsp-request' }
  return request(url, { ...options, method: 'POST', headers: { ...headers, ...type } }).end(der)
}

async function readBounded(response: IncomingMessage): Promise<Result<Buffer, string>> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length
    // Leaving the loop closes the connection.
    if (size > MAX_BYTES) return failed('an answer of more than 64 KiB')
    pieces.push(piece)
  }
  return ok(Buffer.concat(pieces))
}
