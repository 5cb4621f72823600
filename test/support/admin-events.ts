/** A listener to the events of the admin address. */
import { type IncomingMessage, request } from 'node:http'
import type { Test } from 'tap'

export interface AdminEvent {
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface EventListener {
  readonly response: IncomingMessage
  readonly events: readonly AdminEvent[]
  /** Resolves with the first event that fits, also one that has come already; rejects when there are no more. */
  until(fits: (event: AdminEvent) => boolean): Promise<AdminEvent>
  /** Resolves when the answer has ended, however. */
  readonly ended: Promise<void>
}

/** Resolves with the head of the answer. @param fields of the request */
export async function listenToEvents(
  t: Test,
  port: number,
  fields: Readonly<Record<string, string>> = {},
): Promise<EventListener> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', path: '/api/events', headers: fields },
      resolve,
    )
    asked.once('error', reject).end()
    t.teardown(() => void asked.destroy())
  })
  const events: AdminEvent[] = []
  const waiting = new Set<() => void>()
  let isOver = false
  let text = ''
  const tell = (): void => {
    for (const look of [...waiting]) look()
  }
  response.setEncoding('utf8')
  response.on('error', () => {})
  response.on('data', (piece: string) => {
    const blocks = (text + piece).split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []
      if (name && data) events.push({ name, data: JSON.parse(data) as AdminEvent['data'] })
    }
    tell()
  })
  const ended = new Promise<void>((resolve) =>
    response.once('close', () => {
      isOver = true
      tell()
      resolve()
    }),
  )
  const until = (fits: (event: AdminEvent) => boolean): Promise<AdminEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find(fits)
        if (!found && !isOver) return
        waiting.delete(look)
        if (found) resolve(found)
        else reject(new Error(`the events ended with ${JSON.stringify(events.at(-1))}`))
      }
      waiting.add(look)
      look()
    })
  return { response, events, until, ended }
}
