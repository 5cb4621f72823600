/** Server-sent events to one listener (WHATWG HTML, 9.2). Whoever reads too slowly is dropped and may come again. */
import type { ServerResponse } from 'node:http'

/** The names of events, with what comes with each; docs/admin-api.md has them, a test compares. */
export type EventName = 'status' | 'history' | 'sample' | 'exchanges' | 'end'

/** What may wait for a listener that does not read. The first events are about 250 kB. */
const MOST_WAITING_BYTES = 2 * 1024 * 1024

/** Something is written this often: both sides notice when the other one has gone. */
export const HEARTBEAT_MS = 15_000

export interface EventStream {
  /** @param data as JSON: without a line break, whatever it is */
  send(event: EventName, data: string): void
  /** Says why, so that the page knows whether to come again. */
  end(reason: 'stopping' | 'changed'): void
}

/** Begins the answer. @param onClose called once, however it ends */
export function openEventStream(
  response: ServerResponse,
  fields: Readonly<Record<string, string>>,
  onClose: () => void,
): EventStream {
  response.writeHead(200, { ...fields, 'Content-Type': 'text/event-stream; charset=utf-8' })
  const write = (text: string): void => {
    if (response.destroyed || response.writableEnded) return
    response.write(text)
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy()
  }
  const heartbeat = setInterval(() => write(':\n\n'), HEARTBEAT_MS)
  heartbeat.unref()
  response.once('close', () => {
    clearInterval(heartbeat)
    onClose()
  })
  response.on('error', () => response.destroy())
  const send = (event: EventName, data: string): void => write(`event: ${event}\ndata: ${data}\n\n`)
  // The head goes out although there may be no event for a while.
  write(':\n\n')
  return {
    send,
    end: (reason) => {
      send('end', JSON.stringify({ reason }))
      response.end()
    },
  }
}
