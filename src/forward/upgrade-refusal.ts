/** A refused upgrade: the server's answer goes to the client whole and well-formed, and the connection ends. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { endSoon } from './linger.ts'
import type { ResponsePlan } from './response-head.ts'
import { answerFields } from './upgrade-fields.ts'

export interface RefusalRequest {
  readonly socket: Socket
  readonly plan: ResponsePlan
  /** How long the server may be silent inside its answer. */
  readonly responseMs: number
}

/** @param done called once, with whether the client got the whole answer */
export function relayRefusal(
  { socket, plan, responseMs }: RefusalRequest,
  answer: IncomingMessage,
  done: (isWhole: boolean) => void,
): void {
  const status = answer.statusCode ?? 0
  const isChunked =
    answer.headers['content-length'] === undefined && status !== 204 && status !== 304
  const fields = [...answerFields(answer, plan), 'Connection', 'close']
  if (isChunked) fields.push('Transfer-Encoding', 'chunked')
  let text = `HTTP/1.1 ${status} ${answer.statusMessage}\r\n`
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`
  socket.write(`${text}\r\n`, 'latin1')
  // Whatever the client has sent behind its request is thrown away, and its leaving is noticed.
  socket.resume()

  let isDone = false
  const finish = (isWhole: boolean): void => {
    if (isDone) return
    isDone = true
    socket.off('close', onClientClose)
    socket.off('drain', onDrain)
    if (isWhole && isChunked) socket.write('0\r\n\r\n', 'latin1')
    if (isWhole) endSoon(socket)
    else socket.destroy()
    done(isWhole)
  }
  const onClientClose = (): void => finish(false)
  const onDrain = (): void => void answer.resume()
  answer.on('data', (bytes: Buffer) => {
    socket.cork()
    if (isChunked) socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
    socket.write(bytes)
    if (isChunked) socket.write('\r\n', 'latin1')
    socket.uncork()
    if (socket.writableNeedDrain) answer.pause()
  })
  answer.on('end', () => finish(answer.complete))
  answer.on('error', () => finish(false))
  answer.on('close', () => finish(false))
  answer.setTimeout(responseMs, () => finish(false))
  socket.on('drain', onDrain)
  socket.once('close', onClientClose)
}
