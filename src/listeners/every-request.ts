/** fastify is asked for nothing: every request goes to the handler, whatever its method and target are. */
import { type IncomingMessage, METHODS, type RequestListener, type ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

/** Where requests go. */
export interface RequestTaker {
  onRequest(req: IncomingMessage, res: ServerResponse): void
}

/** The hook runs before routing has any effect and takes the request away from fastify, 404 route included. */
export function takeEveryRequest(app: FastifyInstance, handler: RequestTaker): void {
  app.addHook('onRequest', (request, reply, _done) => {
    const req = request.raw
    reply.hijack()
    req.url = request.originalUrl
    handler.onRequest(req, reply.raw)
  })
  app.all('/', () => {})
}

/**
 * A method that Node's parser knows and `METHODS` does not (RTSP's, PRI) fits no route and no hook of fastify, which
 * would answer in its own words.
 */
export function pastFastify(routed: RequestListener, handler: RequestTaker): RequestListener {
  const routable: ReadonlySet<string> = new Set(METHODS)
  return (req, res) =>
    routable.has(req.method ?? '') ? routed(req, res) : handler.onRequest(req, res)
}
