/** What an open port leads to under one configuration: protocol, certificates and time-outs, and who handles requests. */
import type { Socket } from 'node:net'
import { canonicalName, type LoadedCertificate } from '../certificates/certificate.ts'
import {
  CertificateStore,
  hasBothKinds,
  shownWithoutName,
} from '../certificates/certificate-store.ts'
import type { Staples } from '../certificates/ocsp/staple.ts'
import type { ListenerRule, TlsProfile } from '../config/rules.ts'
import type { Crowd } from '../guard/crowd.ts'
import { createHttpListener, type HttpListener } from '../listeners/http-listener.ts'
import type { ServerSettings } from '../listeners/server-settings.ts'
import { type TicketSettings, ticketKeys } from '../listeners/session-tickets.ts'
import { profileOptions, type TlsSettings } from '../listeners/tls-settings.ts'
import type { RequestScope } from '../pipeline/handle-request.ts'
import { ListenerHandler } from '../pipeline/listener-handler.ts'
import type { Assembled } from './assemble.ts'
import type { WantedPort } from './wanted-ports.ts'

export interface EntranceScope {
  readonly crowd: Crowd
  readonly staples: Staples
  /** Wall-clock milliseconds. */
  readonly wallNow: () => number
  /** The scope in force; asked once per request. */
  readonly scope: () => RequestScope
}

export class Entrance {
  /** Two entrances with the same settings are as good as one. */
  readonly settings: string
  /** Where its clients believe to be connected. A connection whose place is gone ends when it is idle. */
  readonly place: string
  readonly handler: ListenerHandler
  readonly #listener: HttpListener
  readonly #tickets: TicketSettings

  private constructor(settings: string, place: string, parts: EntranceParts) {
    this.settings = settings
    this.place = place
    this.handler = parts.handler
    this.#listener = parts.listener
    this.#tickets = parts.tickets
  }

  /** Rejects when a certificate cannot be used under the TLS profile. */
  static async create(
    wanted: WantedPort,
    built: Assembled,
    { crowd, scope, staples, wallNow }: EntranceScope,
  ): Promise<Entrance> {
    const { rule, isTls } = wanted
    const handler = new ListenerHandler({
      listener: rule.name,
      port: (isTls ? rule.httpsPort : rule.httpPort) ?? 0,
      isTls,
      httpsPort: rule.httpsPort,
      crowd,
      share: crowd.limits.shareOf(rule.name),
      scope,
    })
    const tickets = ticketsOf(wanted, built)
    const keys = ticketKeys(tickets, wallNow())
    const stapleFor = (der: Buffer): Buffer | undefined => staples.find(der, wallNow())
    const tls = isTls ? { ...tlsOf(rule, built, scope), ticketKeys: keys, stapleFor } : undefined
    const needsProxyHeader = rule.proxyProtocol === 'required'
    const settings = { server: serverOf(built), tls, needsProxyHeader }
    const listener = await createHttpListener(settings, handler)
    return new Entrance(settingsOf(wanted, built), placeOf(wanted), { handler, listener, tickets })
  }

  /** To be called now and then: the keys of session tickets change with time. */
  rotateTickets(wallNowMs: number): void {
    this.#listener.useTicketKeys(ticketKeys(this.#tickets, wallNowMs))
  }

  take(socket: Socket): void {
    this.#listener.take(socket)
  }

  /** Gets no more connections. Resolves when the last one has gone. */
  retire(): Promise<void> {
    return this.#listener.retire()
  }
}

interface EntranceParts {
  readonly handler: ListenerHandler
  readonly listener: HttpListener
  readonly tickets: TicketSettings
}

const serverOf = ({ rules: { timeouts, limits } }: Assembled): ServerSettings => ({
  requestHeadMs: timeouts.requestHeadMs,
  handshakeMs: timeouts.handshakeMs,
  headBytes: limits.headBytes,
})

/** All that an entrance is made of. */
export const settingsOf = (wanted: WantedPort, built: Assembled): string =>
  JSON.stringify([
    placeOf(wanted),
    serverOf(built),
    wanted.rule.proxyProtocol,
    wanted.isTls && [
      tlsScopeOf(wanted, built),
      ticketsOf(wanted, built).rotateMs,
      hexOf(built.ticketSecret),
    ],
  ])

/** As long as this is the same, TLS sessions can be resumed. */
function tlsScopeOf({ rule }: WantedPort, built: Assembled): string {
  // OpenSSL does not ask for the name again on a resumed session: a name that is refused now needs new ticket keys.
  const refused = built.rules.rules
    .filter(({ listeners }) => listeners.length === 0 || listeners.includes(rule.name))
    .filter((_, _at, own) => own.some(({ https }) => https === 'refuse'))
    .map(({ hosts, https }) => [hosts, https])
  const certificates = built.certificates.map(({ certPem, keyPem }) => [certPem, keyPem])
  return JSON.stringify([rule.tlsProfile, certificates, refused, namesWithProfile(rule, built)])
}

const ticketsOf = (wanted: WantedPort, built: Assembled): TicketSettings => ({
  secret: built.ticketSecret,
  scope: tlsScopeOf(wanted, built),
  rotateMs: built.rules.sessionTickets.rotateMs,
})

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const placeOf = ({ key, rule, isTls }: WantedPort): string =>
  JSON.stringify([key, rule.name, isTls, rule.httpsPort])

/** The names on a listener whose rule asks for a profile, and which. */
const namesWithProfile = ({ name }: ListenerRule, { rules: { rules } }: Assembled) =>
  rules
    .filter(({ listeners }) => listeners.length === 0 || listeners.includes(name))
    .flatMap(({ hosts, tlsProfile }) => (tlsProfile === undefined ? [] : [{ hosts, tlsProfile }]))

function tlsOf(
  rule: ListenerRule,
  built: Assembled,
  scope: () => RequestScope,
): Omit<TlsSettings, 'ticketKeys' | 'stapleFor'> {
  const { certificates } = built
  const { tlsProfile: profile } = rule
  const asked = namesWithProfile(rule, built).map(({ tlsProfile }) => tlsProfile)
  const stores = storesOf(certificates, new Set([profile, ...asked]))
  const routeOf = (name: string) => scope().snapshot.routes.get(rule.name)?.match(name)
  const profileOf = (serverName: string): TlsProfile =>
    routeOf(canonicalName(serverName))?.tlsProfile ?? profile
  return {
    profile,
    otherProfiles: [...stores.keys()].filter((each) => each !== profile),
    profileOf,
    fallback: shownWithoutName(certificates),
    hasBothKinds: hasBothKinds(certificates),
    lookup: (serverName, takesEcdsa) =>
      routeOf(canonicalName(serverName))?.https === 'refuse'
        ? undefined
        : stores.get(profileOf(serverName))?.lookup(serverName, takesEcdsa),
  }
}

const storesOf = (
  certificates: readonly LoadedCertificate[],
  profiles: ReadonlySet<TlsProfile>,
): ReadonlyMap<TlsProfile, CertificateStore> =>
  new Map(
    [...profiles].map((each) => [each, new CertificateStore(certificates, profileOptions(each))]),
  )
