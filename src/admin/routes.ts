/** What can be asked of the admin address. docs/admin-api.md has each route; a test compares. */
import type { ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import type { Readable } from 'node:stream'
import type { Result } from '../base/result.ts'
import { describeCertificates } from '../certificates/describe-certificates.ts'
import type { Problem } from '../config/problem.ts'
import { accountKey } from '../guard/account-key.ts'
import { clientKey } from '../guard/connection-limits.ts'
import { monotonicNow } from '../pipeline/exchange.ts'
import { fitnessOf, UNUSABLE } from '../pools/fitness.ts'
import type { Pool } from '../pools/pool.ts'
import { serverName } from '../pools/server.ts'
import type { ReloadOutcome } from '../runtime/reload.ts'
import type { ApiError, ErrorBody } from './api-error.ts'
import { clientName, describeBlocked } from './describe-blocked.ts'
import { describeServer, describeStatus, type ServerStatus } from './describe-status.ts'
import { findServer } from './find-server.ts'
import type { AdminScope, ServingScope } from './scope.ts'
import { startTrace, stopTrace, type TraceRoutesScope } from './trace-routes.ts'

export interface Asked {
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>
  /** The Accept field. */
  readonly accept: string
  readonly peer: string
  readonly query: Readonly<Record<string, unknown>>
}

/** Writes an answer that has no end of its own. Fields that every answer has must go out with its head. */
export type Stream = (
  response: ServerResponse,
  fields: Readonly<Record<string, string>>,
) => Result<void, ApiError>

/** JSON, unless `contentType` says otherwise. */
export type Answer =
  | { readonly body: object }
  | { readonly text: string; readonly contentType: string }
  | { readonly stream: Readable; readonly contentType: string }
  /** It writes its own head. */
  | { readonly live: Stream }
  | { readonly error: ApiError; readonly body?: object }

export type RouteScope = ServingScope & TraceRoutesScope

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly run: (asked: Asked, scope: RouteScope) => Answer | Promise<Answer>
}

/** The body of `POST …/drain` and `POST …/undrain`. */
export interface DrainBody {
  readonly pool: string
  readonly server: ServerStatus
  /** Servers of the pool that take new clients now. */
  readonly taking: number
}

/** The body of `POST …/unblock`. */
export interface UnblockBody {
  readonly kind: 'user' | 'client'
  readonly name: string
  readonly wasBlocked: boolean
}

/** The body of `POST /api/reload`; `error` as well when it has failed. */
export type ReloadBody = ReloadOutcome & { readonly file: string } & Partial<ErrorBody>

const SERVER = '/api/pools/:pool/servers/:server'

export const routes: readonly Route[] = [
  { method: 'GET', path: '/api/status', run: (_, scope) => ({ body: describeStatus(scope) }) },
  {
    method: 'GET',
    path: '/api/certificates',
    run: (_, scope) => ({
      body: describeCertificates(scope.runtime.built, scope.now()),
    }),
  },
  {
    method: 'GET',
    path: '/api/events',
    run: (_, { live }) => ({ live: (response, fields) => live.listen(response, fields) }),
  },
  { method: 'GET', path: '/api/blocked', run: (_, scope) => ({ body: describeBlocked(scope) }) },
  { method: 'POST', path: '/api/blocked/users/:user/unblock', run: unblockUser },
  { method: 'POST', path: '/api/blocked/clients/:client/unblock', run: unblockClient },
  { method: 'GET', path: '/metrics', run: metrics },
  { method: 'POST', path: '/api/reload', run: reload },
  { method: 'POST', path: `${SERVER}/drain`, run: (asked, scope) => drain(asked, scope, true) },
  { method: 'POST', path: `${SERVER}/undrain`, run: (asked, scope) => drain(asked, scope, false) },
  { method: 'POST', path: '/api/traces', run: startTrace },
  { method: 'POST', path: '/api/traces/:id/stop', run: stopTrace },
]

function unblockUser({ params, peer }: Asked, scope: AdminScope): Answer {
  const user = accountKey(params['user'] ?? '')
  const wasBlocked = scope.runtime.desk.unblock('user', user)
  const shown = scope.runtime.built.rules.signInGuard.logNames ? user : '***'
  scope.logger.info({ peer, user: shown, wasBlocked }, 'user unblocked by command')
  return { body: { kind: 'user', name: user, wasBlocked } satisfies UnblockBody }
}

function unblockClient({ params, peer }: Asked, scope: AdminScope): Answer {
  const asked = (params['client'] ?? '').replace(/\/64$/, '')
  if (isIP(asked) === 0) {
    const hint = 'write an IP address, or what GET /api/blocked has as its name'
    return { error: { code: 'bad-request', message: `"${asked}" is no client`, hint } }
  }
  const client = clientKey(asked)
  const wasBlocked = scope.runtime.desk.unblock('client', client)
  scope.logger.info({ peer, client, wasBlocked }, 'client unblocked by command')
  return { body: { kind: 'client', name: clientName(client), wasBlocked } satisfies UnblockBody }
}

async function metrics({ accept }: Asked, scope: AdminScope): Promise<Answer> {
  if (scope.metrics) return scope.metrics(accept)
  const hint = 'run a version of lyncgate that counts'
  return { error: { code: 'not-found', message: 'there are no metrics', hint } }
}

async function reload({ peer }: Asked, scope: AdminScope): Promise<Answer> {
  scope.logger.info({ peer }, 'reload by command')
  const outcome = await scope.reload()
  const body = { file: scope.file, ...outcome }
  switch (outcome.kind) {
    case 'failed':
      return { body, error: reloadFailed(outcome.problems) }
    case 'stopping': {
      const message = 'the proxy is stopping: nothing new begins'
      return { body, error: { code: 'stopping', message, hint: 'start it again' } }
    }
    default:
      return { body }
  }
}

const reloadFailed = (problems: readonly Problem[]): ApiError => ({
  code: 'reload-failed',
  message: `the rules file cannot be used (problems: ${problems.length}), the configuration in force goes on`,
  hint: 'mend what "problems" lists, or see the log if there is nothing in it',
})

function drain({ params, peer }: Asked, scope: AdminScope, isDrained: boolean): Answer {
  const { runtime, logger } = scope
  const found = findServer(runtime.built.pools, params['pool'] ?? '', params['server'] ?? '')
  if (!found.ok) return { error: found.error }
  const { pool, server } = found.value
  if (!isDrained && server.isDrainedByFile) {
    return {
      error: {
        code: 'drained-by-file',
        message: `the rules file drains "${serverName(server)}"`,
        hint: 'take "drain: true" out of the file and reload',
      },
    }
  }
  runtime.drain(server.facts.place, isDrained)
  const name = serverName(server)
  if (isDrained) logger.info({ peer, pool: pool.name, server: name }, 'drained by command')
  else logger.info({ peer, pool: pool.name, server: name }, 'undrained by command')
  const body: DrainBody = {
    pool: pool.name,
    server: describeServer(server, scope),
    taking: countTaking(pool),
  }
  return { body }
}

function countTaking(pool: Pool): number {
  const nowMs = monotonicNow()
  return pool.servers.filter((server) => fitnessOf(pool, server, nowMs) !== UNUSABLE).length
}
