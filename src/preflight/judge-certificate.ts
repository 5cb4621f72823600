/** Judges a presented certificate by what the systems demand that will meet it. */
import type { X509Certificate, X509CheckOptions } from 'node:crypto'
import { type CertificateFacts, readFacts, serves } from './certificate-facts.ts'
import { followChain } from './chain.ts'
import { type Finding, finding, type Judgement, type System, type Verdict } from './finding.ts'
import { judgeChain } from './judge-chain.ts'
import type { Roots } from './roots.ts'
import { visible, visibleList } from './visible.ts'

/** What somebody demands of a certificate. */
export interface Demand {
  /** The name it must carry. */
  readonly name: string
  readonly concerns: readonly System[]
  /** What a wildcard in place of the name is worth. */
  readonly wildcard: Verdict
  /** It is also presented as a client: mutual TLS between servers. */
  readonly isMutual: boolean
}

export interface Presented {
  /** The server's own first; not empty. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]]
  /** Where it was presented: `sip.contoso.com (192.0.2.1:5061)`. */
  readonly subject: string
  readonly roots: Roots
  readonly now: Date
}

/** All that can be said about it; good points are findings too. */
export function judgeCertificate(presented: Presented, demand: Demand): readonly Finding[] {
  const { chain, subject, roots, now } = presented
  const facts = readFacts(chain[0])
  return [
    judgeName(chain[0], facts, demand),
    judgeChain(followChain(chain, roots, now), chain.length),
    judgeTime(facts, now),
    judgeServerPurpose(facts),
    ...(demand.isMutual ? [judgeClientPurpose(facts)] : []),
    judgeKey(facts, demand),
    judgeSignature(facts),
  ].map((judgement) => finding({ concerns: demand.concerns, ...judgement, subject }))
}

function judgeName(leaf: X509Certificate, facts: CertificateFacts, demand: Demand): Judgement {
  const { name, wildcard, isMutual } = demand
  const listed = facts.names.length > 0 ? facts.names : [`${facts.subject} (subject only)`]
  const seen = `for ${visibleList(listed)}`
  const check = 'certificate-name'
  if (covers(leaf, name, { wildcards: false })) {
    if (!isMutual || facts.subject.toLowerCase() === name) return { verdict: 'pass', check, seen }
    return {
      verdict: 'warn',
      check,
      concerns: ['Lync', 'Skype for Business', 'LCS'],
      seen: `${seen}, subject ${facts.subject === '' ? 'without a name' : visible(facts.subject, 80)}`,
      means:
        'Microsoft asks for the server name as the subject and again among the alternative names; LCS reads the subject only.',
      advice: `With the next certificate ask for ${name} as the common name.`,
    }
  }
  if (covers(leaf, name) && wildcard === 'pass') return { verdict: 'pass', check, seen }
  if (covers(leaf, name))
    return {
      verdict: wildcard,
      check: 'certificate-wildcard',
      ...(isMutual ? { concerns: ['Lync', 'Skype for Business', 'XPhone Connect', 'LCS'] } : {}),
      seen,
      means: isMutual
        ? 'They do not accept a wildcard between servers.'
        : 'Some clients of that time do not accept a wildcard for SIP.',
      advice: `Use a certificate that names ${name} itself.`,
    }
  return {
    verdict: 'fail',
    check,
    seen,
    means: `Whoever connects expects ${name} and ends the connection.`,
    advice: `Use a certificate for ${name}, or let DNS name a server that the certificate covers. Where the certificate belongs to something else, the port leads to the wrong server.`,
  }
}

/** A name that OpenSSL does not take is not covered. */
export function covers(
  leaf: X509Certificate,
  name: string,
  options: X509CheckOptions = {},
): boolean {
  try {
    return leaf.checkHost(name, options) !== undefined
  } catch {
    return false
  }
}

const dayMs = 86_400_000
const soonDays = 14

function judgeTime({ notBefore, notAfter }: CertificateFacts, now: Date): Judgement {
  const check = 'certificate-time'
  const until = notAfter.toISOString().slice(0, 10)
  const advice =
    'Renew it, then see that the server presents the new one: XPhone Connect goes on with the old one until the new one is selected by hand, an Edge until it is assigned.'
  if (notBefore > now) {
    const from = notBefore.toISOString().slice(0, 10)
    const means = 'Nobody accepts it yet.'
    return {
      verdict: 'fail',
      check,
      seen: `valid only from ${from}`,
      means,
      advice: 'Check the clocks, or wait.',
    }
  }
  if (notAfter < now) {
    const means = 'Everybody ends the connection.'
    return { verdict: 'fail', check, seen: `expired on ${until}`, means, advice }
  }
  const days = Math.floor((notAfter.getTime() - now.getTime()) / dayMs)
  if (days >= soonDays) return { verdict: 'pass', check, seen: `valid until ${until}` }
  const means = 'From then on everybody ends the connection.'
  return { verdict: 'warn', check, seen: `valid until ${until}, ${days} days`, means, advice }
}

function judgeServerPurpose(facts: CertificateFacts): Judgement {
  const check = 'certificate-server-auth'
  if (serves(facts, 'serverAuth'))
    return { verdict: 'pass', check, seen: 'may be used by a server' }
  return {
    verdict: 'fail',
    check,
    seen: 'serverAuth is not among its extended key usages',
    means: 'Whoever connects ends the connection.',
    advice: 'Ask for a certificate for server authentication.',
  }
}

function judgeClientPurpose(facts: CertificateFacts): Judgement {
  const check = 'certificate-client-auth'
  if (serves(facts, 'clientAuth'))
    return { verdict: 'pass', check, seen: 'may be used by a client' }
  return {
    verdict: 'fail',
    check,
    seen: `clientAuth is not among its extended key usages (issued by ${visible(facts.issuer, 80)})`,
    means:
      'Connections from partners arrive, but when this server connects to a partner it shows the same certificate as a client, and the partner refuses it: messages and presence go one way only.',
    advice:
      'Public authorities took clientAuth out of their certificates in 2026 (Let\'s Encrypt: default profile on 11 February, profile "tlsclient" on 8 July). Ask for a certificate from an authority that still issues serverAuth and clientAuth together from a root the partners trust; with few partners use an authority of your own and let each partner trust its root; or ask each partner whether it does without clientAuth.',
  }
}

function judgeKey({ key, keyType, rsaBits }: CertificateFacts, { isMutual }: Demand): Judgement {
  const check = 'certificate-key'
  if (rsaBits !== undefined && rsaBits < 2048)
    return {
      verdict: 'fail',
      check,
      seen: key,
      means: 'Windows, Teams and every public authority refuse RSA keys below 2048 bits.',
      advice: 'Make a new RSA key with 2048 bits or more and a new certificate.',
    }
  if (rsaBits === undefined && (isMutual || keyType === 'unknown'))
    return {
      verdict: 'warn',
      check,
      ...(isMutual ? { concerns: ['Lync', 'Skype for Business', 'LCS'] } : {}),
      seen: key,
      means:
        'Microsoft describes RSA keys only for these servers; other kinds fail with some partners.',
      advice: 'Use an RSA key with 2048 bits for this port.',
    }
  return { verdict: 'pass', check, seen: key }
}

function judgeSignature({ signature }: CertificateFacts): Judgement {
  const check = 'certificate-signature'
  if (signature === undefined)
    return { verdict: 'skip', check, seen: 'needs a newer Node to be read' }
  if (!/md[245]|sha-?1(?!\d)/i.test(signature)) return { verdict: 'pass', check, seen: signature }
  return {
    verdict: 'fail',
    check,
    seen: signature,
    means: 'Windows and all current systems refuse certificates signed with MD5 or SHA-1.',
    advice: 'Have it issued again with SHA-256.',
  }
}
