/** Record names that people write instead of the right one. Nobody asks for them, so nothing tells that they are wrong. */
import type { Dns, SrvRecord } from './dns.ts'

/** What is asked for, and what is found instead in real zones; the first one stands in the second seed. */
const misspellings: Readonly<Record<string, readonly string[]>> = {
  '_sipfederationtls._tcp': [
    '_sipfederationstls._tcp',
    '_sipfederationtls._tls',
    '_sipfederationtls._udp',
    '_sipfederatedtls._tcp',
    '_sipfederation._tcp',
    '_sipfederation._tls',
    '_sipfederationtls',
    '_sipfederationtls.tcp',
    'sipfederationtls._tcp',
  ],
  '_sip._tls': ['_sip.tls', 'sip._tls', '_sip._ssl', '_siptls._tcp', '_sips._tcp', '_sip'],
  '_sipinternaltls._tcp': [
    '_sipinternalstls._tcp',
    '_sipinternaltls._tls',
    '_sipinternal._tls',
    '_sipinternaltls',
    'sipinternaltls._tcp',
  ],
}

export interface MisspeltRecord {
  /** The whole name that was found. */
  readonly name: string
  /** The label that was meant. */
  readonly meant: string
  readonly records: readonly SrvRecord[]
}

/** Asks for the usual mistakes, and for the domain written twice. */
export async function findMisspelt(
  dns: Dns,
  domain: string,
  labels: readonly string[],
): Promise<readonly MisspeltRecord[]> {
  const candidates = labels.flatMap((meant) => [
    ...(misspellings[meant] ?? []).map((label) => ({ meant, name: `${label}.${domain}` })),
    { meant, name: `${meant}.${domain}.${domain}` },
  ])
  const answers = await Promise.all(
    candidates.map(async ({ meant, name }) => {
      const answer = await dns.srv(name)
      return answer.status === 'found' ? { name, meant, records: answer.records } : undefined
    }),
  )
  return answers.filter((answer) => answer !== undefined)
}

/** True when the zone answers every question: then misspelt names say nothing. */
export async function answersEverything(dns: Dns, domain: string): Promise<boolean> {
  const answer = await dns.srv(`_lyncgate-preflight._tcp.${domain}`)
  return answer.status === 'found'
}
