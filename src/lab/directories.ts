/** The virtual directories of the IIS sites that need no behaviour of their own: they answer with their name. */

import { answer, type LabExchange, type LabHandler } from './exchange.ts'
import { requireUser } from './ntlm.ts'
import { demandTicket } from './web-ticket.ts'

const internalOnly = [
  'admin',
  'autoupdate',
  'conf',
  'cscp',
  'deviceupdatefiles_int',
  'etc',
  'locationinformation',
  'meetingroomportal',
  'ocspowershell',
  'phoneconferencing',
  'requesthandler',
  'rgsconfig',
  'supportconferenceconsole',
] as const

const anonymous = [
  'collabcontent',
  'deviceupdatefiles_ext',
  'fonts',
  'hybridconfig',
  'lmstaticdata',
  'lwa',
  'mcx',
  'meetingcontent',
  'meetingfiles',
  'onlineauth',
  'passiveauth',
  'reach',
  'requesthandlerext',
  'scheduler',
  'storeweb',
] as const

const behindNtlm = ['groupexpansion', 'persistentchat', 'rgsclients'] as const

/**
 * Handlers by lower-case directory name. Those that the external web site does not have answer 200 with
 * `LEAK: <dir>`: a proxy in front must never let that through.
 */
export const plainDirectories: ReadonlyMap<string, LabHandler> = new Map([
  ...internalOnly.map((name) => [name, leak(name)] as const),
  ...anonymous.map((name) => [name, named(name)] as const),
  ...behindNtlm.map((name) => [name, guarded(named(name))] as const),
])

/** `/CertProv`: certificates for who has a ticket; `…/anon` gives the root certificates to phones. */
export function createCertificateProvisioning(rootCertificatePem: string): LabHandler {
  const der = rootCertificatePem.replace(/-----[^-]+-----|\s/g, '')
  return (exchange) => {
    if (!isRootChainRequest(exchange)) {
      return demandTicket(exchange, '28032;reason="The web ticket is missing."')
    }
    answer(exchange, {
      type: 'text/xml; charset=utf-8',
      body: `<GetRootCertChainsResponse><RootCertChain>${der}</RootCertChain></GetRootCertChainsResponse>`,
    })
  }
}

/** `/CertProv/CertProvisioningService.svc/anon`: the one service that phones need over plain HTTP. */
export function isRootChainRequest({ target }: LabExchange): boolean {
  return target.path === '/certprov/certprovisioningservice.svc/anon'
}

/** The answer that must not be seen outside. */
export function leak(directory: string): LabHandler {
  return (exchange) => answer(exchange, { type: 'text/plain', body: `LEAK: ${directory}` })
}

function named(directory: string): LabHandler {
  return (exchange) => answer(exchange, { type: 'text/plain', body: `lab: ${directory}\n` })
}

function guarded(handler: LabHandler): LabHandler {
  return (exchange) => requireUser(exchange) && handler(exchange)
}
