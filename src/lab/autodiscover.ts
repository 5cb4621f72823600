/** `lyncdiscover.*` and `/Autodiscover`: where a client finds its services. */

import { answer, answerJson, type LabExchange, type LabHandler, showUser } from './exchange.ts'
import type { Tokens } from './tokens.ts'
import { demandTicket } from './web-ticket.ts'

const xmlType = 'application/vnd.microsoft.rtc.autodiscover+xml;v=1'
const servicePath = '/Autodiscover/AutodiscoverService.svc'

interface Link {
  readonly token: string
  readonly href: string
}

/** Which web site answers: a proxy that is bridged to 443 instead of 4443 meets the internal one. */
export type AccessLocation = 'External' | 'Internal'

/** Handles `/` of a lyncdiscover host and everything below `/Autodiscover`. */
export function createAutodiscoverHandler(tokens: Tokens, location: AccessLocation): LabHandler {
  return (exchange) => {
    switch (exchange.target.path.replace('/autodiscover', '')) {
      case '/':
      case '/autodiscoverservice.svc/root':
      case '/autodiscoverservice.svc/root/domain':
        return sendLinks(exchange, location, { Root: rootLinks(exchange.publicOrigin) })
      case '/autodiscoverservice.svc/root/user':
      case '/autodiscoverservice.svc/root/oauth/user':
        return sendUserLinks(exchange, tokens, location)
      case '/xframe/xframe.html':
        return answer(exchange, { body: '<!DOCTYPE html><title>XFrame</title>\n' })
      default:
        return answer(exchange, { status: 404 })
    }
  }
}

function sendUserLinks(exchange: LabExchange, tokens: Tokens, location: AccessLocation) {
  const user = tokens.read(exchange.req)
  if (user === 'none') return demandTicket(exchange, '28032;reason="The web ticket is missing."')
  if (user === 'bad') return demandTicket(exchange, '28033;reason="The web ticket is invalid."')
  showUser(exchange, user)
  sendLinks(exchange, location, { User: userLinks(exchange.publicOrigin) })
}

function rootLinks(origin: string): readonly Link[] {
  const root = `${origin}${servicePath}/root`
  return [
    { token: 'Domain', href: `${root}/domain` },
    { token: 'User', href: `${root}/user` },
    { token: 'Self', href: root },
    { token: 'OAuth', href: `${root}/oauth/user` },
    { token: 'External/XFrame', href: `${origin}/Autodiscover/XFrame/XFrame.html` },
  ]
}

function userLinks(origin: string): readonly Link[] {
  return [
    { token: 'External/Autodiscover', href: `${origin}${servicePath}/root` },
    { token: 'External/AuthBroker', href: `${origin}/Reach/sip.svc` },
    { token: 'External/WebScheduler', href: `${origin}/Scheduler` },
    { token: 'External/Mcx', href: `${origin}/Mcx/McxService.svc` },
    { token: 'External/Ucwa', href: `${origin}/ucwa/v1/applications` },
    { token: 'Ucwa', href: `${origin}/ucwa/v1/applications` },
    { token: 'Self', href: `${origin}${servicePath}/root/user` },
  ]
}

/** JSON unless the client asks for the XML form, which the Lync 2010 mobile clients do. */
function sendLinks(
  exchange: LabExchange,
  location: AccessLocation,
  kinds: Readonly<Record<string, readonly Link[]>>,
) {
  const headers = { 'Cache-Control': 'no-cache', Vary: 'Accept' }
  if (!/autodiscover\+xml/i.test(exchange.req.headers.accept ?? '')) {
    const inside = Object.entries(kinds).map(([kind, links]) => [kind, { Links: links }])
    const value = { AccessLocation: location, ...Object.fromEntries(inside) }
    return answerJson(exchange, value, { headers })
  }
  const elements = Object.entries(kinds).map(
    ([kind, links]) =>
      `<${kind}>${links.map(({ token, href }) => `<Link token="${token}" href="${href}"/>`).join('')}</${kind}>`,
  )
  answer(exchange, {
    type: xmlType,
    headers,
    body:
      '<?xml version="1.0" encoding="utf-8"?>' +
      `<AutodiscoverResponse AccessLocation="${location}">${elements.join('')}</AutodiscoverResponse>`,
  })
}
