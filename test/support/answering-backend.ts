/** A recording back end that answers every request it has received whole, one after another. */
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import type { IssuedCertificate } from '../../src/lab/authority.ts'
import {
  type RecordedConnection,
  type RecordingBackend,
  startRecordingBackend,
} from './recording-backend.ts'

/** `Content-Length: 2`, and a body that tells whose answer it is. */
export const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** @param answer what each request gets; a function is asked with the request's head and its place in the order */
export function startAnsweringBackend(
  t: Test,
  answer: string | ((head: string, index: number) => string) = ANSWER,
  certificate?: IssuedCertificate,
): Promise<RecordingBackend> {
  const answered = new Map<number, number>()
  const onBytes = (socket: Socket, recorded: string, connection: number): void => {
    const requests = splitRequests(recorded)
    for (let index = answered.get(connection) ?? 0; index < requests.length; index++) {
      answered.set(connection, index + 1)
      const text = typeof answer === 'string' ? answer : answer(requests[index] as string, index)
      socket.write(text, 'latin1')
    }
  }
  return startRecordingBackend(t, onBytes, certificate)
}

/** The complete requests in a recording, heads and bodies as they came. Lenient where the proxy is strict. */
export function splitRequests(recorded: string): string[] {
  const requests: string[] = []
  let rest = recorded
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd === -1) return requests
    const head = rest.slice(0, headEnd + 4)
    const length = bodyLength(head, rest.slice(headEnd + 4))
    if (length === undefined || rest.length < head.length + length) return requests
    requests.push(rest.slice(0, head.length + length))
    rest = rest.slice(head.length + length)
  }
}

function bodyLength(head: string, rest: string): number | undefined {
  if (/\r\ntransfer-encoding:\s*chunked\r\n/i.test(head)) {
    const end = /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(rest)
    return end ? end.index + end[0].length : undefined
  }
  return Number(/\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1] ?? 0)
}

/** Resolves with everything the connection brought when it is closed. */
export const whenClosed = (recorded: RecordedConnection): Promise<string> =>
  recorded.until(() => false).catch(() => recorded.text)
