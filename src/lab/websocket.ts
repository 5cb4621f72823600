/**
 * `/lab/websocket`: an echo by WebSocket (RFC 6455). `?refuse=STATUS` answers with that status instead,
 * `?push=TEXT` sends a text frame in the same write as the 101, `?close=CODE` closes at once.
 */

import { answer, type LabExchange } from './exchange.ts'
import {
  acceptKey,
  createFrameReader,
  type Frame,
  opcodes,
  writeFrame,
} from './websocket-frames.ts'

/** Takes over the connection of an upgrade request. `head` is what came glued to the request. */
export function serveWebsocket(exchange: LabExchange, head: Buffer) {
  const { req, target } = exchange
  const refusal = Number(target.query.get('refuse') ?? 0)
  if (refusal >= 200) {
    return answer(exchange, { status: refusal, type: 'text/plain', body: 'refused as asked\n' })
  }
  const key = req.headers['sec-websocket-key']
  if (!key || req.headers['sec-websocket-version'] !== '13') {
    return answer(exchange, { status: 400, headers: { 'Sec-WebSocket-Version': '13' } })
  }
  echoFrames(exchange, head, key)
}

function echoFrames(exchange: LabExchange, head: Buffer, key: string): void {
  const { connection, entry, target, res } = exchange
  const { socket } = connection
  const reader = createFrameReader()
  const started = performance.now()
  const opening = [writeHandshake(exchange, key)]
  const push = target.query.get('push')
  const closeCode = Number(target.query.get('close') ?? 0)
  if (push !== null) opening.push(writeFrame(opcodes.text, Buffer.from(push)))
  if (closeCode > 0) opening.push(writeClose(closeCode))

  res.detachSocket(socket)
  entry.update({ status: 101 })
  socket.write(Buffer.concat(opening))
  socket.on('data', read)
  // A client that falls silent without a close frame has left; its reset is not an error of the lab's.
  socket.on('error', () => {})
  socket.on('end', () => socket.end())
  socket.on('close', () => settle(connection.isDropped ? 'cut' : 'client-left'))
  if (head.length > 0) read(head)

  function read(chunk: Buffer): void {
    const { frames, violation } = reader.push(chunk)
    for (const frame of frames) take(frame)
    if (violation) closeWith(violation)
  }

  function take(frame: Frame) {
    if (socket.writableEnded) return
    if (!frame.wasMasked) return closeWith(1002)
    const { opcode, payload, isFinal } = frame
    if (opcode === opcodes.pong) return
    if (opcode === opcodes.ping) return void socket.write(writeFrame(opcodes.pong, payload))
    if (opcode === opcodes.close) {
      settle('answered')
      return void socket.end(writeFrame(opcodes.close, payload))
    }
    // Fragments go back as fragments: the echo keeps every frame as it came.
    if (!socket.write(writeFrame(opcode, payload, { isFinal }))) waitForDrain()
  }

  function waitForDrain(): void {
    socket.pause()
    socket.once('drain', () => socket.resume())
  }

  function closeWith(code: number): void {
    settle('cut')
    socket.end(writeClose(code))
  }

  function settle(outcome: 'answered' | 'client-left' | 'cut'): void {
    if (entry.record.outcome !== 'pending') return
    entry.update({ outcome, durationMs: performance.now() - started })
  }
}

function writeHandshake({ req, identity }: LabExchange, key: string): Buffer {
  const protocol = req.headers['sec-websocket-protocol']?.split(',')[0]?.trim()
  const headers = {
    ...identity,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptKey(key),
    ...(protocol && { 'Sec-WebSocket-Protocol': protocol }),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`, 'latin1')
}

function writeClose(code: number): Buffer {
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return writeFrame(opcodes.close, payload)
}
