/** Which versions of TLS a name speaks, and who is left out. */
import type { Judgement } from '../finding.ts'
import type { Endpoint, Probes } from '../surroundings.ts'
import type { TlsVersion } from '../tls-version-probe.ts'
import type { PublishedName } from './published-name.ts'

const versions: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

const check = 'tls-versions'

/** One short handshake for each version. */
export async function testVersions(
  probes: Probes,
  name: PublishedName,
  endpoint: Endpoint,
): Promise<Judgement> {
  const answers = await Promise.all(
    versions.map(async (version) => ({
      version,
      answer: await probes.version(endpoint, name.host, version),
    })),
  )
  const spoken = answers.filter(({ answer }) => answer === 'spoken').map(({ version }) => version)
  return judgeVersions(spoken, name)
}

/** @param spoken in rising order */
export function judgeVersions(
  spoken: readonly TlsVersion[],
  { isForOldClients, kind }: Pick<PublishedName, 'isForOldClients' | 'kind'>,
): Judgement {
  if (spoken.length === 0)
    return { verdict: 'skip', check, seen: 'no handshake came to its end; nothing can be said' }
  const seen = spoken.join(', ')
  const isOld = spoken.includes('TLSv1') || spoken.includes('TLSv1.1')
  if (!spoken.includes('TLSv1.2'))
    return {
      verdict: spoken.includes('TLSv1.3') ? 'warn' : 'fail',
      check,
      seen,
      means: spoken.includes('TLSv1.3')
        ? 'Lync and Skype for Business clients on Windows before 11 speak at most TLS 1.2 and do not connect.'
        : 'Current browsers and mobile clients refuse versions below TLS 1.2.',
      advice: 'Offer TLS 1.2 with AEAD ciphers; in lyncgate that is "tls: compatible".',
    }
  if (isOld && !isForOldClients)
    return {
      verdict: 'warn',
      check,
      seen,
      means:
        'Versions below TLS 1.2 are for Lync Phone Edition and the clients of Lync 2010 and Mac 2011 only; for all others they are a way to be attacked.',
      advice:
        'Switch TLS 1.0 and 1.1 off. If phones need them, do so for the name of the web services only ("tls: legacy" in its rule).',
    }
  if (isForOldClients && !spoken.includes('TLSv1') && kind === 'web-services')
    return {
      verdict: 'warn',
      check,
      concerns: ['desk phones'],
      seen,
      means:
        'The file asks for "legacy", but Lync Phone Edition speaks at most TLS 1.0 and does not connect.',
      advice: 'Allow TLS 1.0 on the machine that answers here.',
    }
  return { verdict: 'pass', check, seen }
}
