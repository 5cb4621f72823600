/** The admin address as an application: every request is screened, every answer is JSON and nobody's to keep. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { unmapped } from '../base/unmapped.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import { type ApiError, apiErrors, type ErrorBody } from './api-error.ts'
import { loadPage, type PageFile } from './page-files.ts'
import { type Answer, type Route, type RouteScope, routes, type Stream } from './routes.ts'
import { RunningTraces } from './running-traces.ts'
import type { ServingScope } from './scope.ts'
import { type ScreenScope, screenRequest } from './screen-request.ts'
import { WrongTokens } from './wrong-tokens.ts'

export interface AppScope extends ServingScope {
  /** The token that was made at the start, if one was. */
  readonly ownToken: () => string | undefined
}

/** A request has no body worth the name. */
const BODY_BYTES = 4096
const HEAD_BYTES = 16_384
const HEAD_MS = 5_000
const REQUEST_MS = 10_000
/** Nobody takes the answer; longer than any reload. */
const SILENCE_MS = 120_000
const KEEP_ALIVE_MS = 5_000
const LOOK_MS = 1_000
const REQUESTS_PER_CONNECTION = 100

/** Every answer is for the one who asked, and no page may show it, guess its type or learn where it was read. */
const SECURITY_FIELDS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/**
 * The page loads its own files and talks to its own address, nothing else; text from outside can never become markup or
 * code in it (Trusted Types, CSP Level 3).
 */
const PAGE_FIELDS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
}

/** Makes it. Its server never listens: connections are handed to it with the event `connection`. */
export async function createAdminApp(scope: AppScope): Promise<FastifyInstance> {
  const page = await loadPage()
  const app = fastify({
    serverFactory: createNodeServer,
    logger: false,
    bodyLimit: BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_MS,
    connectionTimeout: SILENCE_MS,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (_error, _request, reply) => refuse(reply, BAD_REQUEST),
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
      else socket.destroy()
    },
  })
  const wrongTokens = new WrongTokens()
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_FIELDS)
    const isPage = page.has(request.url)
    const error = screen(request, scope, wrongTokens, isPage)
    if (error) return refuse(reply, error)
  })
  // Bodies are bounded and read, so that the next request is found behind them; nobody looks into one.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null))
  const routeScope = { ...scope, traces: new RunningTraces(scope) }
  for (const route of routes) addRoute(app, route, routeScope)
  for (const [path, file] of page) addFile(app, path, file)
  app.setNotFoundHandler((_request, reply) => refuse(reply, NOT_FOUND))
  app.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) => {
    const { statusCode = 500 } = error
    if (statusCode === 413) return refuse(reply, BODY_TOO_LARGE)
    if (statusCode < 500) return refuse(reply, BAD_REQUEST)
    scope.logger.error({ err: error }, 'fault outside an exchange')
    return refuse(reply, FAULT)
  })
  await app.ready()
  // Node starts to look for late requests with this event; nothing else depends on it.
  app.server.emit('listening')
  return app
}

function createNodeServer(route: (req: IncomingMessage, res: ServerResponse) => void): Server {
  const server = createServer(
    {
      maxHeaderSize: HEAD_BYTES,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LOOK_MS,
    },
    route,
  )
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION
  return server
}

function addRoute(app: FastifyInstance, { method, path, run }: Route, scope: RouteScope): void {
  app.route({
    method,
    url: path,
    handler: async (request, reply) => {
      const asked = {
        params: request.params as Record<string, string>,
        accept: request.headers.accept ?? '',
        peer: peerOf(request),
        query: request.query as Record<string, unknown>,
      }
      return send(reply, await run(asked, scope))
    },
  })
  refuseOthers(app, path, method)
}

/** Part of the page: the same for everybody. */
function addFile(app: FastifyInstance, path: string, { contentType, bytes }: PageFile): void {
  const handler = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
    reply.headers(PAGE_FIELDS).type(contentType).send(bytes)
  app.route({ method: 'GET', url: path, handler })
  refuseOthers(app, path, 'GET')
}

function refuseOthers(app: FastifyInstance, path: string, method: Route['method']): void {
  const own = method === 'GET' ? ['GET', 'HEAD'] : [method]
  app.route({
    method: app.supportedMethods.filter((each) => !own.includes(each)),
    url: path,
    handler: (_request, reply) => {
      reply.header('Allow', own.join(', '))
      const hint = `use ${own[0]}`
      return refuse(reply, { code: 'method-not-allowed', message: 'not by this method', hint })
    },
  })
}

function screen(
  request: FastifyRequest,
  scope: AppScope,
  wrongTokens: WrongTokens,
  isPage: boolean,
): ApiError | undefined {
  const { admin, rules } = scope.runtime.built
  const { headers, method } = request
  const screenScope: ScreenScope = {
    address: rules.admin?.address ?? '',
    names: admin?.certificate?.names ?? [],
    token: admin?.token ?? scope.ownToken(),
    isTokenOfFile: admin?.token !== undefined,
    wrongTokens,
    nowMs: monotonicNow(),
    onWrongToken: (peer) => scope.logger.warn({ peer }, 'wrong admin token'),
  }
  const facts = {
    method,
    host: headers.host ?? '',
    origin: headers.origin,
    authorization: headers.authorization,
    isPage,
    isTls: (request.raw.socket as Partial<TLSSocket>).encrypted === true,
    peer: peerOf(request),
  }
  return screenRequest(facts, screenScope)
}

const peerOf = (request: FastifyRequest): string => unmapped(request.raw.socket.remoteAddress ?? '')

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if ('stream' in answer) return reply.type(answer.contentType).send(answer.stream)
  if ('text' in answer) return reply.type(answer.contentType).send(answer.text)
  if ('live' in answer) return stream(reply, answer.live)
  if ('error' in answer) return refuse(reply, answer.error, answer.body)
  return reply.send(answer.body)
}

function stream(reply: FastifyReply, begin: Stream): FastifyReply {
  if (reply.request.method === 'HEAD') return reply.type('text/event-stream').send()
  const begun = begin(reply.raw, { ...SECURITY_FIELDS, Connection: 'close' })
  return begun.ok ? reply.hijack() : refuse(reply, begun.error)
}

/** Ends the connection too: what is left of the request is not waited for. */
function refuse(reply: FastifyReply, error: ApiError, more: object = {}): FastifyReply {
  // Also where a request has met no hook.
  reply.headers(SECURITY_FIELDS).code(apiErrors[error.code]).header('Connection', 'close')
  if (apiErrors[error.code] === 401) reply.header('WWW-Authenticate', 'Bearer')
  if (error.code === 'too-many-tries') reply.header('Retry-After', '1')
  return reply.send({ ...more, error } satisfies ErrorBody)
}

const BAD_REQUEST: ApiError = {
  code: 'bad-request',
  message: 'this is not a request that can be understood',
  hint: 'docs/admin-api.md has every request',
}

const NOT_FOUND: ApiError = {
  code: 'not-found',
  message: 'there is nothing here',
  hint: 'begin with /api/status',
}

const BODY_TOO_LARGE: ApiError = {
  code: 'body-too-large',
  message: `the body is larger than ${BODY_BYTES} bytes`,
  hint: 'send none: no request needs one',
}

const FAULT: ApiError = {
  code: 'fault',
  message: 'a mistake in lyncgate itself',
  hint: 'the log says more',
}
