/** `/ucwa`: the event channel (a GET that is held for up to 15 minutes) and resources with preconditions. */

import { answer, answerJson, type LabExchange, type LabHandler, showUser } from './exchange.ts'
import type { Tokens } from './tokens.ts'
import { takeBatch, type UcwaApplication, type UcwaApplications } from './ucwa-applications.ts'
import { demandTicket } from './web-ticket.ts'

/** Microsoft: a pending GET without events ends after 900 seconds. */
const defaultTimeoutSeconds = 900

/** Handles everything below `/ucwa`. Anonymous is welcome; a token that is sent must be valid. */
export function createUcwaHandler(applications: UcwaApplications, tokens: Tokens): LabHandler {
  return (exchange) => {
    const { req, target } = exchange
    // "UCWA 2.0 does not support HTTP verbs such as OPTIONS, HEAD, or TRACE."
    if (/^(HEAD|OPTIONS|TRACE)$/.test(req.method ?? '')) {
      return sendError(exchange, 405, { code: 'MethodNotAllowed' })
    }
    const user = tokens.read(req)
    if (user === 'bad') return demandTicket(exchange, '28033;reason="The web ticket is invalid."')
    if (user !== 'none') showUser(exchange, user)
    const [, id, resource] = /^\/ucwa\/v1\/applications(?:\/([^/]+)(.*))?$/.exec(target.path) ?? []
    if (id === undefined) return createApplication(exchange)
    const application = applications.get(id)
    if (resource === '/events') return holdGet(exchange, application)
    return useResource(exchange, application)
  }
}

function createApplication(exchange: LabExchange) {
  if (exchange.req.method !== 'POST') return answerJson(exchange, { service: 'ucwa' })
  const href = `/ucwa/v1/applications/${Date.now()}`
  answerJson(
    exchange,
    { _links: { self: { href }, events: { href: `${href}/events?ack=1` } } },
    { status: 201, headers: { Location: href } },
  )
}

function holdGet(exchange: LabExchange, application: UcwaApplication) {
  const { query } = exchange.target
  const ack = Number(query.get('ack'))
  if (!Number.isInteger(ack) || ack < 1) return sendError(exchange, 400, { code: 'BadRequest' })
  const seconds = Number(query.get('timeout') ?? defaultTimeoutSeconds)

  application.pending?.replace()
  const events = takeBatch(application, ack)
  if (events.length > 0) return sendEvents(exchange, application, { ack, events })

  const timer = setTimeout(
    () => end(() => sendEvents(exchange, application, { ack, events })),
    seconds * 1000,
  )
  const pending = {
    ack,
    deliver: (delivered: readonly unknown[]) =>
      end(() => sendEvents(exchange, application, { ack, events: delivered })),
    replace: () => end(() => sendError(exchange, 409, replaced)),
  }
  application.pending = pending
  exchange.res.on('close', () => end(() => {}))

  function end(finish: () => void): void {
    if (application.pending !== pending) return
    application.pending = undefined
    clearTimeout(timer)
    finish()
  }
}

const replaced: UcwaError = {
  code: 'Conflict',
  subcode: 'PGetReplaced',
  message: 'The pending GET was replaced by another one.',
}

/** Any other resource: its tag changes with every write, and a write with a foreign tag is refused. */
function useResource(exchange: LabExchange, application: UcwaApplication) {
  const { req } = exchange
  const expected = req.headers['if-match']
  const current = `"${application.etag}"`
  const isWrite = req.method === 'PUT' || req.method === 'POST' || req.method === 'DELETE'
  if (isWrite && expected !== undefined && expected !== current && expected !== '*') {
    return sendError(exchange, 412, {
      code: 'PreconditionFailed',
      message: `currentEtag: ${current}, expectedEtag: ${expected}`,
    })
  }
  if (isWrite) application.etag += 1
  const etag = String(application.etag)
  answerJson(
    exchange,
    { _links: { self: { href: exchange.target.writtenPath } }, etag },
    { headers: { ETag: `"${etag}"`, 'Cache-Control': 'no-cache' } },
  )
}

interface Batch {
  readonly ack: number
  readonly events: readonly unknown[]
}

function sendEvents(exchange: LabExchange, { id }: UcwaApplication, batch: Batch): void {
  const href = (ack: number) => `/ucwa/v1/applications/${id}/events?ack=${ack}`
  answerJson(exchange, {
    _links: { self: { href: href(batch.ack) }, next: { href: href(batch.ack + 1) } },
    sender: batch.events.length === 0 ? [] : [{ rel: 'communication', events: batch.events }],
  })
}

interface UcwaError {
  readonly code: string
  readonly subcode?: string
  readonly message?: string
}

function sendError(exchange: LabExchange, status: number, error: UcwaError) {
  if (exchange.req.method === 'HEAD') return answer(exchange, { status })
  answerJson(exchange, error, { status })
}
