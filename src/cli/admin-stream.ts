/** Asks a running proxy for something that goes on: lines of JSON, handed over as they come. */
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorBody } from '../admin/api-error.ts'
import { failed, ok, type Result } from '../base/result.ts'
import { type AdminTarget, connectAdmin, explainTrouble, placeOf } from './admin-client.ts'

/** Of one line; an exchange with bodies is far smaller. */
const MOST_LINE = 32 * 2 ** 20

/** A proxy that is alive says something every second. */
const SILENCE_MS = 30_000

export interface LineStream {
  readonly path: string
  readonly onLine: (line: unknown) => void
  /** Gives up. */
  readonly signal: AbortSignal
}

/** Resolves when the answer is complete. The error is a sentence for people, or what the proxy has against it. */
export async function streamAdmin(
  target: AdminTarget,
  { path, onLine, signal }: LineStream,
): Promise<Result<void, string | ErrorBody>> {
  const token = await target.token()
  if (!token.ok) return token
  let socket: Socket | undefined
  try {
    const own = await connectAdmin(target)
    socket = own
    own.setTimeout(SILENCE_MS, () => own.destroy(new Error('silent')))
    const headers = {
      Host: placeOf(target),
      Connection: 'close',
      Authorization: `Bearer ${token.value}`,
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { createConnection: () => own, method: 'POST', path, headers, signal }
      request(options, resolve).on('error', reject).end()
    })
    let rest = ''
    answer.setEncoding('utf8')
    for await (const text of answer as AsyncIterable<string>) {
      rest += text
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > MOST_LINE) return failed(`${placeOf(target)} says too much at once`)
      if (answer.statusCode === 200) for (const line of lines) onLine(JSON.parse(line))
    }
    if (answer.statusCode === 200) return ok(undefined)
    return failed(JSON.parse(rest) as ErrorBody)
  } catch (error) {
    return failed(explainTrouble(target, error as NodeJS.ErrnoException))
  } finally {
    socket?.destroy()
  }
}
