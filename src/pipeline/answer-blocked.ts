/** The answer to a try that was not passed on: the one that the pool gives to a wrong password, field by field. */
import { tellsOfServer } from '../forward/fields.ts'
import type { AnswerShape } from '../guard/answer-shape.ts'
import { affinityCookie } from '../pools/affinity-cookie.ts'
import type { Server } from '../pools/server.ts'
import { isDraining } from '../pools/server.ts'
import type { Exchange, Incoming } from './exchange.ts'
import type { Route } from './route.ts'

export interface BlockedAnswer {
  readonly shape: AnswerShape
  readonly route: Route
  readonly closes: boolean
}

/**
 * It has no X-Lyncgate-Request-Id, which would tell it from the pool's. The log has its id all the same.
 */
export function answerBlocked(
  { req, res }: Incoming,
  exchange: Exchange,
  { shape, route, closes }: BlockedAnswer,
): void {
  const fields: string[] = []
  let hasLength = false
  for (let i = 0; i + 1 < shape.fields.length; i += 2) {
    const name = shape.fields[i] as string
    const plain = name.toLowerCase()
    if (route.hideServerFields && tellsOfServer(plain)) continue
    hasLength ||= plain === 'content-length'
    fields.push(name, currentValue(plain, shape.fields[i + 1] as string, shape))
  }
  const server = cookieServer(exchange, route)
  if (server) fields.push('Set-Cookie', affinityCookie(server.affinityKey))
  const isHttp11 = req.httpVersionMinor > 0
  // A body of chunks stays one, but HTTP/1.0 knows none (RFC 9112 7.1).
  if (!hasLength && isHttp11) fields.push('Transfer-Encoding', 'chunked')
  else if (!hasLength) fields.push('Content-Length', String(shape.body.length))
  if (closes) fields.push('Connection', 'close')
  else if (!isHttp11) fields.push('Connection', 'keep-alive')
  res.writeHead(shape.status, shape.reason, fields)
  exchange.report.responseBytes = shape.body.length
  res.end(shape.body)
}

function currentValue(name: string, value: string, { body }: AnswerShape): string {
  if (name === 'date') return new Date().toUTCString()
  return name === 'content-length' ? String(body.length) : value
}

/** Every answer to a client without the affinity cookie sets it: that of the server it would have come from. */
function cookieServer({ connection, facts }: Exchange, { pool }: Route): Server | undefined {
  if (pool.affinity !== 'cookie') return undefined
  const { affinityKey } = facts
  if (affinityKey !== undefined && pool.byAffinityKey.has(affinityKey)) return undefined
  const pinned = connection.backends.pinOf(pool.name)?.server
  return pinned ?? pool.servers.find((server) => !isDraining(server))
}
