/** Each certificate that is really shown: is it good, which DNS entries do the published names need, the ways out. */
import type { X509Certificate } from 'node:crypto'
import { readFacts } from '../certificate-facts.ts'
import { type Finding, finding, type System } from '../finding.ts'
import { covers, judgeCertificate } from '../judge-certificate.ts'
import { type Surroundings, writeEndpoint } from '../surroundings.ts'
import { visibleList } from '../visible.ts'
import { clientsOf } from './clients.ts'
import type { PublishedName } from './published-name.ts'
import type { Meeting } from './test-https.ts'

const check = 'certificate-names'

/** More than a certificate of public authorities holds. */
const mostListed = 100

/** Findings for each chain that was sent, and one for the names that were shown no certificate. */
export function judgeCertificates(
  meetings: readonly Meeting[],
  world: Pick<Surroundings, 'roots' | 'now'>,
): readonly Finding[] {
  const groups = new Map<string, Meeting[]>()
  for (const meeting of meetings) {
    const key = meeting.chain.map(({ fingerprint256 }) => fingerprint256).join()
    groups.set(key, [...(groups.get(key) ?? []), meeting])
  }
  const shown = [...groups.values()].flatMap((group) => {
    const [leaf, ...others] = group[0]?.chain ?? []
    return leaf ? judgeOne([leaf, ...others], group, world) : []
  })
  const bare = namesIn(groups.get('') ?? [])
  return bare.length === 0 ? shown : [...shown, adviseOnBare(bare)]
}

function judgeOne(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  group: readonly Meeting[],
  { roots, now }: Pick<Surroundings, 'roots' | 'now'>,
): readonly Finding[] {
  const [leaf] = chain
  const { subject, names: entries } = readFacts(leaf)
  const where = [...new Set(group.map(({ endpoint }) => writeEndpoint(endpoint)))]
  const called = `certificate ${subject || entries[0] || 'without a name'} (${visibleList(where, 2)})`
  const needed = namesIn(group)
  const judged = judgeCertificate(
    { chain, subject: called, roots, now },
    {
      name: needed[0]?.host ?? '',
      concerns: concernsOf(needed),
      wildcard: 'pass',
      isMutual: false,
    },
  )
  return [
    adviseOnCertificate(leaf, needed, called),
    // Whether it is for the name has been said for each name.
    ...judged.filter(({ check: each }) => each !== 'certificate-name').map(inWordsOfClients),
  ]
}

function adviseOnCertificate(
  leaf: X509Certificate,
  needed: readonly PublishedName[],
  subject: string,
): Finding {
  const missing = needed.filter(({ host }) => !covers(leaf, host))
  const base = { check, subject, concerns: concernsOf(missing.length > 0 ? missing : needed) }
  if (missing.length === 0)
    return finding({
      ...base,
      verdict: 'pass',
      seen: `covers all names that are published with it: ${list(needed)}`,
    })
  return finding({
    ...base,
    verdict: 'fail',
    seen: `needs ${list(needed)}; missing: ${list(missing)}`,
    means: 'Clients that ask for the missing ones meet a certificate for other names.',
    advice: waysOut(missing, needed),
  })
}

/** The judgement of certificates speaks to servers that meet servers; here clients meet one. */
function inWordsOfClients(found: Finding): Finding {
  const words = found.verdict === 'pass' ? undefined : wordsOfClients[found.check]
  return words ? { ...found, ...words } : found
}

const wordsOfClients: Readonly<Record<string, Pick<Finding, 'means' | 'advice'>>> = {
  'certificate-chain': {
    means:
      'Mobile clients and phones cannot follow the chain and do not connect. Windows may fetch what is missing, if it is let out to the Internet.',
    advice:
      'Show the whole chain up to a public root: put the intermediate certificates into the file of the certificate. If the authority is your own, name its root with --ca.',
  },
  'certificate-time': {
    means: 'Out of its time, no client connects.',
    advice: 'Renew it, then see that the proxy shows the new one.',
  },
}

function adviseOnBare(bare: readonly PublishedName[]): Finding {
  return finding({
    verdict: 'fail',
    check,
    subject: 'names without a certificate',
    seen: list(bare),
    concerns: concernsOf(bare),
    means: 'The handshake is refused: no client connects by these names.',
    advice: waysOut(bare, bare),
  })
}

/** Microsoft, "Technical requirements for mobility": a SAN entry for each lyncdiscover, or HTTP only. */
function waysOut(missing: readonly PublishedName[], needed: readonly PublishedName[]): string {
  const discovery = missing.filter(({ kind }) => kind === 'autodiscover')
  const order =
    missing.length === needed.length
      ? `Order a certificate with ${entriesOf(missing)}.`
      : `Have ${entriesOf(missing)} added to the certificate.`
  if (discovery.length === 0) return order
  const many = discovery.length === missing.length ? '' : ` for ${list(discovery)}`
  return `${order} Or${many}: publish over plain HTTP only ("https: refuse" and "http: forward" in a rule of its own; with other proxies an address without HTTPS). Clients then may ask once whether to trust the server.`
}

const entriesOf = (names: readonly PublishedName[]): string =>
  `the DNS ${names.length === 1 ? 'entry' : 'entries'} ${list(names)}`

const list = (names: readonly PublishedName[]): string =>
  visibleList(
    names.map(({ host }) => host),
    mostListed,
  )

const namesIn = (meetings: readonly Meeting[]): readonly PublishedName[] => [
  ...new Set(meetings.map(({ name }) => name)),
]

const concernsOf = (names: readonly PublishedName[]): readonly System[] => [
  ...new Set(names.flatMap(({ kind }) => clientsOf[kind])),
]
