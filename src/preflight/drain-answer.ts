/** Reads an answer to its end and forgets it: only then can its connection be used again. */
import type { IncomingMessage } from 'node:http'

const mostBodyBytes = 1024 * 1024

/** @throws Error when the body is longer than 1 MiB or breaks off */
export function drainAnswer(response: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > mostBodyBytes) response.destroy(new Error('the answer is too long'))
    })
    response.on('end', resolve)
    response.on('error', reject)
  })
}
