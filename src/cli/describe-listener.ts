/** The words of `lyncgate explain` for listener and certificate. */
import { isIP } from 'node:net'
import type { LoadedCertificate } from '../certificates/certificate.ts'
import type { ListenerRule, TlsProfile } from '../config/rules.ts'
import type { HostName } from '../routing/host.ts'
import type { Built } from '../runtime/build-snapshot.ts'
import type { ExplainedStep } from './explanation.ts'

interface ListenerQuestion {
  readonly name: string | undefined
  readonly isTls: boolean
  readonly port: number | undefined
}

const portOf = (listener: ListenerRule, isTls: boolean): number | undefined =>
  isTls ? listener.httpsPort : listener.httpPort

/** The listener that is asked for, by name or port; else the first that speaks so. */
export function chooseListener(
  listeners: readonly ListenerRule[],
  { name, isTls, port }: ListenerQuestion,
): ListenerRule | string {
  const speaking = listeners.filter((each) => portOf(each, isTls) !== undefined)
  const found =
    name === undefined
      ? (speaking.find((each) => portOf(each, isTls) === port) ?? speaking[0])
      : speaking.find((each) => each.name === name)
  const quoted = name === undefined ? '' : `"${name}" `
  return found ?? `no listener ${quoted}speaks ${isTls ? 'HTTPS' : 'HTTP'}`
}

/** The listener, and how to ask for another one. */
export function describeListener(
  listener: ListenerRule,
  isTls: boolean,
  all: readonly ListenerRule[],
): ExplainedStep {
  const others = all.filter((each) => each !== listener && portOf(each, isTls) !== undefined)
  const more =
    others.length === 0
      ? ''
      : `; for others: ${others.map(({ name }) => `--listener ${name}`).join(', ')}`
  const what = isTls ? 'TLS' : 'plain HTTP'
  return {
    step: 'listener',
    says: `${listener.name} (${listener.address} port ${portOf(listener, isTls)}, ${what})${more}`,
  }
}

/** The protocol versions of src/listeners/tls-settings.ts, and whose word they are. */
export function describeProfile(
  { name }: HostName,
  { name: listener, tlsProfile }: ListenerRule,
  { snapshot }: Built,
): ExplainedStep {
  const own = snapshot.routes.get(listener)?.match(name)?.tlsProfile
  const versions = VERSIONS[own ?? tlsProfile]
  return {
    step: 'profile',
    says: `${own ?? tlsProfile}: ${versions} ("tls" of the ${own ? 'rule' : 'listener'})`,
  }
}

const VERSIONS: Readonly<Record<TlsProfile, string>> = {
  legacy: 'TLS 1.0 to 1.3',
  compatible: 'TLS 1.2 and 1.3',
  modern: 'TLS 1.3',
}

interface FoundCertificate {
  readonly says: string
  readonly isRefused: boolean
}

/** As src/runtime/proxy-server.ts chooses: the rule may refuse, then the exact name, then the wildcard. */
export function findCertificate(
  { name }: HostName,
  listener: ListenerRule,
  { certificates, snapshot }: Built,
): FoundCertificate {
  const say = ({ names, notAfter }: LoadedCertificate): string =>
    `for ${names.join(', ')}, until ${notAfter.toISOString().slice(0, 10)}`
  const [first] = certificates
  // Clients ask for no name when they have an address only.
  if (first && (isIP(name) !== 0 || name.startsWith('[')))
    return { says: `${say(first)} (the first one: the client asks for no name)`, isRefused: false }
  const end = 'the handshake ends with unrecognized_name'
  if (snapshot.routes.get(listener.name)?.match(name)?.https === 'refuse')
    return { says: `none, for the rule says "https: refuse": ${end}`, isRefused: true }
  const wildcard = `*${name.slice(name.indexOf('.'))}`
  const found =
    certificates.find(({ names }) => names.includes(name)) ??
    certificates.find(({ names }) => names.includes(wildcard))
  return found
    ? { says: say(found), isRefused: false }
    : { says: `none covers ${name}: ${end}`, isRefused: true }
}
