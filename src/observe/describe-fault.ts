/** What the log says of an error that nobody expected. */
import pino from 'pino'

export interface DescribedFault {
  readonly type: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: unknown
}

/**
 * Kind, message, stack and code, those of causes behind them. Nothing else that hangs on an error: libraries attach what
 * they were at, such as the bytes of a request (`rawPacket` of Node's parser) or its fields, passwords among them.
 */
export function describeFault(error: unknown): DescribedFault {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'not an Error', stack: undefined, code: undefined }
  const { type, message, stack } = pino.stdSerializers.err(error)
  return { type, message, stack, code: (error as NodeJS.ErrnoException).code }
}
