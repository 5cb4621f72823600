/** Reads the beginning of a request body before it is passed on. Nothing of it is lost or changed. */
import type { Incoming } from './exchange.ts'
import type { RequestFacts } from './read-request.ts'

export interface PeekedBody {
  readonly bytes: Buffer
  /** There is no more. */
  readonly isWhole: boolean
}

/**
 * No sign-in of a client comes near it: a UsernameToken has some 2 KiB. What is longer would hide a name behind it, and is
 * refused.
 */
const MOST_BYTES = 65_536

interface PeekScope {
  readonly facts: Pick<
    RequestFacts,
    'contentLength' | 'contentLengths' | 'transferEncodings' | 'expect'
  >
  /** No byte for so long is a failure. */
  readonly silenceMs: number
}

/**
 * Calls back once with the body, or with what is wrong.
 * @returns the way to give up; then it does not call back
 */
export function peekBody(
  { req, res }: Incoming,
  { facts, silenceMs }: PeekScope,
  done: (peeked: PeekedBody | 'client-body-too-large' | 'client-body-timeout') => void,
): () => void {
  const expected = facts.contentLengths > 0 ? facts.contentLength : Number.POSITIVE_INFINITY
  if (facts.transferEncodings === 0 && (facts.contentLengths === 0 || expected === 0)) {
    done({ bytes: Buffer.alloc(0), isWhole: true })
    return () => {}
  }
  const pieces: Buffer[] = []
  let size = 0
  const stop = (): void => {
    clearTimeout(timer)
    req.off('data', onData)
    req.off('end', onEnd)
    req.pause()
  }
  const finish = (result: Parameters<typeof done>[0]): void => {
    stop()
    done(result)
  }
  const onData = (bytes: Buffer): void => {
    timer.refresh()
    pieces.push(bytes)
    size += bytes.length
    if (size > MOST_BYTES) finish('client-body-too-large')
  }
  const onEnd = (): void => finish({ bytes: Buffer.concat(pieces), isWhole: true })
  const timer = setTimeout(() => finish('client-body-timeout'), silenceMs)
  if (expected !== Number.POSITIVE_INFINITY && expected > MOST_BYTES) {
    finish('client-body-too-large')
    return () => {}
  }
  // The server cannot be asked before it is known whether it will be; a 100 promises nothing (RFC 9110 10.1.1).
  if (facts.expect !== undefined) res.writeContinue()
  req.on('data', onData)
  req.on('end', onEnd)
  req.resume()
  return stop
}
