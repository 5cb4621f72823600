/** One client connection under the test's full control: every request goes exactly there. */

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Test } from 'tap'
import { publicName } from './real-kdc.ts'

/** A server, or the proxy before it. */
export interface Target {
  readonly httpPort: number
  readonly httpsPort: number
  /** Trust for its certificate, which names the published host. */
  readonly caFile: string
}

/** How the client speaks to the target. */
export type Scheme = 'http' | 'https'

/** An answer as it came; field names in lower case, repeated fields apart. */
export interface RawAnswer {
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

/** An open connection. */
export interface RawConnection {
  /** Sends a request head (fields beside Host and the body's length) and reads its answer. */
  request(line: string, fields?: readonly string[], body?: string): Promise<RawAnswer>
  /** Reads the next answer, for requests written with `write`. */
  read(): Promise<RawAnswer>
  write(text: string): void
  /** Ends it in order. */
  end(): void
  /** Sends a reset, as a machine does that loses power or leaves the network. */
  reset(): void
  hasEnded(): boolean
}

/** Opens a connection; test end destroys it. */
export async function openConnection(
  t: Test,
  target: Target,
  scheme: Scheme,
): Promise<RawConnection> {
  const tcp = connect(scheme === 'https' ? target.httpsPort : target.httpPort, '127.0.0.1')
  t.teardown(() => tcp.destroy())
  const socket = scheme === 'https' ? await startTls(tcp, target) : tcp
  if (scheme === 'http') await once(tcp, 'connect')
  const inbox = openInbox(socket)
  const read = () => readAnswer(inbox)
  return {
    request: (line, fields = [], body = '') => {
      const length = body === '' ? [] : [`Content-Length: ${body.length}`]
      const head = [`${line} HTTP/1.1`, `Host: ${publicName}`, ...fields, ...length, '', '']
      socket.write(head.join('\r\n') + body)
      return read()
    },
    read,
    write: (text) => void socket.write(text),
    end: () => void socket.end(),
    reset: () => void tcp.resetAndDestroy(),
    hasEnded: () => inbox.hasEnded(),
  }
}

/** All values of a field. */
export function fieldValues(answer: RawAnswer, name: string): string[] {
  return answer.fields.filter(([own]) => own === name).map(([, value]) => value)
}

async function startTls(tcp: Socket, target: Target): Promise<Socket> {
  const ca = await readFile(target.caFile)
  const socket = connectTls({ socket: tcp, servername: publicName, ca })
  await once(socket, 'secureConnect')
  return socket
}

interface Inbox {
  /** Waits for at least so many bytes and takes them. */
  take(length: number): Promise<string>
  /** Waits for the mark and takes everything up to its end. */
  takeThrough(mark: string): Promise<string>
  hasEnded(): boolean
}

function openInbox(socket: Socket): Inbox {
  let waiting = ''
  let ended = false
  let wake = () => {}
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    waiting += text
    wake()
  })
  socket.on('error', () => {}) // a reset is an end like any other here; 'close' follows
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      ended = true
      wake()
    })
  }
  async function takeWhen(length: () => number | undefined): Promise<string> {
    for (let size = length(); ; size = length()) {
      if (size !== undefined) {
        const taken = waiting.slice(0, size)
        waiting = waiting.slice(size)
        return taken
      }
      if (ended) throw new Error(`connection ended after ${JSON.stringify(waiting)}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    take: (length) => takeWhen(() => (waiting.length >= length ? length : undefined)),
    takeThrough: (mark) =>
      takeWhen(() => (waiting.includes(mark) ? waiting.indexOf(mark) + mark.length : undefined)),
    hasEnded: () => ended,
  }
}

async function readAnswer(inbox: Inbox): Promise<RawAnswer> {
  const [statusLine = '', ...lines] = (await inbox.takeThrough('\r\n\r\n')).trimEnd().split('\r\n')
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
  })
  const status = Number(statusLine.split(' ')[1])
  const head: RawAnswer = { status, fields, body: '' }
  if (status < 200 || status === 204 || status === 304) return head
  if (fieldValues(head, 'transfer-encoding').length > 0) {
    return { ...head, body: await readChunks(inbox) }
  }
  const [length = '0'] = fieldValues(head, 'content-length')
  return { ...head, body: await inbox.take(Number(length)) }
}

async function readChunks(inbox: Inbox): Promise<string> {
  let body = ''
  for (;;) {
    const size = Number.parseInt(await inbox.takeThrough('\r\n'), 16)
    const chunk = await inbox.take(size + 2)
    if (size === 0) return body
    body += chunk.slice(0, size)
  }
}
