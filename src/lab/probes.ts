/** `/lab/…`: paths that no Lync server has. Tests use them to see what arrived and to make trouble. */

import { once } from 'node:events'
import { echo } from './echo.ts'
import { answer, cut, type LabExchange, type LabHandler } from './exchange.ts'
import { requireUser } from './ntlm.ts'
import { pause } from './open-exchange.ts'
import { payloadChunks } from './payload.ts'

const probes: Readonly<Record<string, LabHandler>> = {
  '/lab/echo': echo,
  '/lab/echo-ntlm': (exchange) => requireUser(exchange) && echo(exchange),
  '/lab/slow': answerSlowly,
  '/lab/status': answerStatus,
  '/lab/headers': answerHeaders,
  '/lab/trailers': answerTrailers,
  '/lab/raw': answerRaw,
  '/lab/cut': breakOff,
  '/lab/websocket': (exchange) =>
    answer(exchange, { status: 426, headers: { Upgrade: 'websocket' } }),
}

/** Handles everything below `/lab`. */
export function probe(exchange: LabExchange): void | Promise<void> {
  const handler = probes[exchange.target.path]
  return handler ? handler(exchange) : answer(exchange, { status: 404 })
}

/** `?ms=N`: waits before the answer; `&body=N`: sends the head at once and waits before the body's second half. */
async function answerSlowly(exchange: LabExchange): Promise<void> {
  const { res, target } = exchange
  const ms = Number(target.query.get('ms') ?? 1000)
  if (!target.query.has('body')) {
    await pause(exchange, ms)
    return answer(exchange, { type: 'text/plain', body: 'late\n' })
  }
  res.write('first half, ')
  await pause(exchange, ms)
  res.end('second half\n')
}

/** `?code=N&reason=TEXT&early=1`: that status line, after a 103 if asked for. */
function answerStatus(exchange: LabExchange) {
  const { res, target } = exchange
  const reason = target.query.get('reason')
  const code = Number(target.query.get('code') ?? 200)
  if (!(code >= 200 && code <= 999)) return answer(exchange, { status: 400 })
  if (target.query.get('early') === '1') res.writeEarlyHints({ link: '</lab>; rel=preload' })
  if (reason !== null) res.statusMessage = reason
  answer(exchange, { status: code, type: 'text/plain', body: `status ${code}\n` })
}

/**
 * `?h=Name:value`, repeated: these response headers, in this order, case and number; then the connection ends.
 * Written by hand, because Node groups headers of one name once any header has been set.
 */
function answerHeaders({ connection, entry, identity, target }: LabExchange): void {
  const own = Object.entries(identity).map(([name, value]) => `${name}: ${value}`)
  const asked = target.query.getAll('h').filter((line) => !/[\r\n]/.test(line))
  const lines = ['HTTP/1.1 200 OK', ...own, ...asked, 'Connection: close', 'Content-Length: 8']
  entry.update({ outcome: 'answered', status: 200 })
  connection.socket.end(Buffer.from(`${lines.join('\r\n')}\r\n\r\nheaders\n`, 'latin1'))
}

/** A chunked answer with the trailer `X-Lab-Trailer`. */
function answerTrailers({ res }: LabExchange): void {
  res.setHeader('Trailer', 'X-Lab-Trailer')
  res.write('body\n')
  res.addTrailers({ 'X-Lab-Trailer': 'the end' })
  res.end()
}

/** `?base64=…`: these bytes instead of an HTTP answer; the connection ends behind them unless `&open=1`. */
function answerRaw({ connection, entry, target }: LabExchange): void {
  const bytes = Buffer.from((target.query.get('base64') ?? '').replaceAll(' ', '+'), 'base64')
  entry.update({ outcome: 'cut' })
  if (target.query.get('open') === '1') connection.socket.write(bytes)
  else connection.socket.end(bytes)
}

/**
 * `?after=N`: breaks the TCP connection after N bytes of a body that promises more, under Content-Length or, with
 * `&chunked=1`, in chunks. Without `after`: before any answer.
 */
async function breakOff(exchange: LabExchange): Promise<void> {
  const { res, target, connection } = exchange
  const after = target.query.get('after')
  if (after === null) return cut(exchange)
  const bytes = Number(after)
  if (!Number.isSafeInteger(bytes) || bytes < 0) return answer(exchange, { status: 400 })
  if (target.query.get('chunked') !== '1') res.setHeader('Content-Length', bytes + 1000)
  res.flushHeaders()
  for (const chunk of payloadChunks(0, bytes)) {
    if (!res.write(chunk)) await Promise.race([once(res, 'drain'), once(res, 'close')])
  }
  // Only what has left the process can arrive; the last write's callback says so.
  await new Promise((written) => connection.socket.write('', written))
  cut(exchange)
}
