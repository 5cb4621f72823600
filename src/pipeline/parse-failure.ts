/** Why Node's parser gave up on what a client sent. */
import type { FailureCode } from '../base/failure.ts'

/** What Node's parser says, in our words. Undefined: the connection itself broke. */
export function parseFailure(error: NodeJS.ErrnoException): FailureCode | undefined {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'client-head-too-large'
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 'client-malformed'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'client-head-timeout'
    case 'HPE_INVALID_EOF_STATE':
      return undefined
    case 'HPE_INVALID_CONTENT_LENGTH':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return 'client-framing-ambiguous'
  }
  return error.code?.startsWith('HPE_') ? 'client-malformed' : undefined
}
