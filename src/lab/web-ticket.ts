/** `/WebTicket`: trades a sign-in for a web ticket (SOAP) or a bearer token (OAuth). */

import {
  answer,
  answerJson,
  type LabExchange,
  type LabHandler,
  readSmallBody,
  showUser,
} from './exchange.ts'
import { requireUser } from './ntlm.ts'
import { type Tokens, tokenLifetimeSeconds } from './tokens.ts'
import { findUser, type LabUser } from './users.ts'

const servicePath = '/WebTicket/WebTicketService.svc'

/** Handles everything below `/WebTicket`. */
export function createWebTicketHandler(tokens: Tokens): LabHandler {
  return async (exchange) => {
    switch (exchange.target.path.replace('/webticket', '')) {
      case '/webticketservice.svc/mex':
        return answer(exchange, { type: 'text/xml; charset=utf-8', body: writeMetadata(exchange) })
      case '':
      case '/webticketservice.svc': {
        const user = requireUser(exchange)
        return user && sendTicket(exchange, tokens, user)
      }
      case '/webticketservice.svc/auth':
        return signInByBody(exchange, tokens)
      case '/oauthtoken':
        return grantToken(exchange, tokens)
      default:
        return answer(exchange, { status: 404 })
    }
  }
}

/** Answers 401 with all that tells a client where to get a ticket or token (MS-OCAUTHWS, UCWA). */
export function demandTicket(exchange: LabExchange, diagnostics: string): void {
  const { publicOrigin } = exchange
  answer(exchange, {
    status: 401,
    headers: {
      'X-MS-WebTicketURL': publicOrigin + servicePath,
      'X-MS-WebTicketSupported': 'cwt,saml',
      'X-Ms-diagnostics': diagnostics,
      'WWW-Authenticate': `MsRtcOAuth href="${publicOrigin}/WebTicket/oauthtoken", grant_type="urn:microsoft.rtc:windows,urn:microsoft.rtc:anonmeeting,password"`,
    },
    body: '<h1>401 - Unauthorized</h1>\n',
  })
}

async function signInByBody(exchange: LabExchange, tokens: Tokens): Promise<void> {
  const envelope = (await readSmallBody(exchange)).toString()
  const element = (name: string) =>
    new RegExp(`<(?:\\w+:)?${name}\\b[^>]*>([^<]*)<`, 'i').exec(envelope)?.[1] ?? ''
  const name = element('Username')
  const user = findUser(name)
  const isRight = user?.password === element('Password')
  if (exchange.accounts.judge(name, isRight) && user) return sendTicket(exchange, tokens, user)
  answer(exchange, {
    status: 500,
    type: 'text/xml; charset=utf-8',
    headers: { 'X-Ms-diagnostics': '28020;reason="No valid security token."' },
    body: envelop('<s:Fault><faultcode>wsse:FailedAuthentication</faultcode></s:Fault>'),
  })
}

async function grantToken(exchange: LabExchange, tokens: Tokens): Promise<void> {
  const form = new URLSearchParams((await readSmallBody(exchange)).toString())
  switch (form.get('grant_type')) {
    case 'password': {
      const name = form.get('username') ?? ''
      const user = findUser(name)
      const isRight = user?.password === form.get('password')
      if (exchange.accounts.judge(name, isRight) && user) return sendToken(exchange, tokens, user)
      // RFC 6749, 5.2: wrong credentials of the owner are a 400.
      return answerJson(
        exchange,
        { error: 'invalid_grant' },
        { status: 400, headers: { 'X-Ms-diagnostics': '28020;reason="No valid security token."' } },
      )
    }
    case 'urn:microsoft.rtc:windows': {
      const user = requireUser(exchange)
      return user && sendToken(exchange, tokens, user)
    }
    default:
      return demandTicket(exchange, '28032;reason="The web ticket is missing."')
  }
}

function sendToken(exchange: LabExchange, tokens: Tokens, user: LabUser): void {
  showUser(exchange, user)
  answerJson(
    exchange,
    {
      access_token: tokens.issue(user),
      expires_in: tokenLifetimeSeconds,
      ms_rtc_identityscope: 'local',
      token_type: 'Bearer',
    },
    { headers: { 'Cache-Control': 'no-store' } },
  )
}

function sendTicket(exchange: LabExchange, tokens: Tokens, user: LabUser): void {
  showUser(exchange, user)
  answer(exchange, {
    type: 'text/xml; charset=utf-8',
    body: envelop(
      '<RequestSecurityTokenResponse xmlns="http://docs.oasis-open.org/ws-sx/ws-trust/200512">' +
        `<RequestedSecurityToken>${tokens.issueAssertion(user)}</RequestedSecurityToken>` +
        '</RequestSecurityTokenResponse>',
    ),
  })
}

function envelop(body: string): string {
  const namespace = 'http://schemas.xmlsoap.org/soap/envelope/'
  return `<s:Envelope xmlns:s="${namespace}"><s:Body>${body}</s:Body></s:Envelope>`
}

function writeMetadata({ publicOrigin }: LabExchange): string {
  const ports = ['', '/Anon', '/Auth', '/Cert'].map(
    (path) =>
      `<wsdl:port><soap:address location="${publicOrigin}${servicePath}${path}"/></wsdl:port>`,
  )
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<wsdl:definitions name="WebTicketService" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"',
    ' xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">',
    `<wsdl:service name="WebTicketService">${ports.join('')}</wsdl:service></wsdl:definitions>`,
  ].join('')
}
