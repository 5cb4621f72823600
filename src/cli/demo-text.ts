/** What `lyncgate demo` prints: commands ready to paste. */
import type { LabUser } from '../lab/users.ts'
import type { DemoPorts } from './demo.ts'

export interface DemoFacts {
  readonly ports: DemoPorts
  /** Empty: there is no place for one, so actions are off. */
  readonly adminToken: string
  readonly caFile: string
  readonly rulesFile: string
  readonly users: readonly LabUser[]
}

export function demoText({ ports, adminToken, caFile, rulesFile, users }: DemoFacts): string {
  const { address, http, https, health, admin } = ports
  const shown = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address
  const tls = (host: string, path: string, options = ''): string =>
    `  curl ${options}--cacert ${caFile} --resolve ${host}:${https}:${shown} 'https://${host}:${https}${path}'`
  const plain = (host: string, path: string): string =>
    `  curl --resolve ${host}:${http}:${shown} 'http://${host}:${http}${path}'`
  const [user] = users
  const credentials = user ? `-u '${user.domain}\\${user.name}:${user.password}'` : ''
  return `
lyncgate publishes a stand-in Lync deployment on ${shown}, HTTP ${http} and HTTPS ${https}.

Autodiscover, over HTTP and over TLS:
${plain('lyncdiscover.contoso.com', '/?sipuri=alice@contoso.com')}
${tls('lyncdiscover.contoso.com', '/autodiscover/autodiscoverservice.svc/root')}
A meeting, the dial-in page, the web ticket service:
${tls('meet.contoso.com', '/alice/7322994')}
${tls('dialin.contoso.com', '/')}
${tls('lyncweb.contoso.com', '/WebTicket/WebTicketService.svc/mex')}
Signing in with NTLM:
${tls('lyncweb.contoso.com', '/abs/handler', `-i --ntlm ${credentials} `)}
A long poll that answers after three minutes:
${tls('lyncweb.contoso.com', '/ucwa/v1/applications/1/events?ack=1&timeout=180')}
Status page, and the token that its actions need:
  http://127.0.0.1:${admin}/
  ${adminToken}
Health:
  curl http://${shown}:${health}/readyz

Test users: ${users.map((each) => `${each.domain}\\${each.name} (${each.password})`).join(', ')}
Rules file: ${rulesFile}
CA file:    ${caFile}

Ctrl-C ends everything. One log line per exchange follows.
`
}
