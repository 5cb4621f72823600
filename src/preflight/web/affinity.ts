/** The MS-WSMAN cookie: set when it is missing, left alone when it is there. */
import {
  AFFINITY_COOKIE,
  readAffinityCookie,
  setsAffinityCookie,
} from '../../pools/affinity-cookie.ts'
import type { Judgement } from '../finding.ts'
import type { Endpoint, Surroundings } from '../surroundings.ts'
import type { WebAnswer } from '../web-probe.ts'
import { rootPath } from './pages.ts'
import type { PublishedName } from './published-name.ts'

const check = 'affinity-cookie'

/** Two requests: without the cookie, and with what the first one brought. */
export async function testAffinity(
  { probes }: Surroundings,
  name: PublishedName,
  endpoint: Endpoint,
): Promise<Judgement> {
  const page = { scheme: 'https', host: name.host, path: rootPath } as const
  const first = await probes.web(endpoint, { ...page, fields: {} })
  const cookie = cookieOf(first)
  if (cookie === undefined) return judgeAffinity(name, first, undefined)
  const [pair = ''] = cookie.split(';', 1)
  return judgeAffinity(
    name,
    first,
    await probes.web(endpoint, { ...page, fields: { cookie: pair } }),
  )
}

/** @param second the answer to a request with the cookie; undefined: there was none to send */
export function judgeAffinity(
  { product, affinity }: Pick<PublishedName, 'product' | 'affinity'>,
  first: WebAnswer,
  second: WebAnswer | undefined,
): Judgement {
  if (first.kind !== 'answer') return { verdict: 'skip', check, seen: 'no answer to look at' }
  const cookie = cookieOf(first)
  if (cookie === undefined) return withoutCookie(product === 'lync-2010', affinity)
  const wrong = /;\s*(httponly|expires|max-age)\b/i.exec(cookie)?.[1]
  if (wrong !== undefined)
    return {
      verdict: 'fail',
      check,
      seen: `${AFFINITY_COOKIE} is set with ${wrong}`,
      means: 'Web clients cannot read it, or lose it in the middle of a meeting.',
      advice: 'Microsoft asks for this cookie without HttpOnly and without an expiration time.',
    }
  const again = second === undefined ? undefined : cookieOf(second)
  if (again !== undefined && cookieValue(again) !== cookieValue(cookie))
    return {
      verdict: 'fail',
      check,
      seen: `${AFFINITY_COOKIE} is set, and replaced by another value when it is sent back`,
      means:
        'Clients change servers in the middle of a conversation: meetings and address book break off.',
      advice: 'See that all machines behind the address know the same cookie values.',
    }
  return { verdict: 'pass', check, seen: `${AFFINITY_COOKIE} is set once and honoured` }
}

function withoutCookie(isNeeded: boolean, affinity: PublishedName['affinity']): Judgement {
  const seen = `${AFFINITY_COOKIE} is not set`
  if (isNeeded)
    return {
      verdict: 'fail',
      check,
      seen,
      means:
        'Lync Server 2010 needs cookie affinity: without it clients wander between the servers of the pool.',
      advice: `Switch on affinity by a cookie of the name ${AFFINITY_COOKIE} on the proxy.`,
    }
  if (affinity !== 'cookie')
    return {
      verdict: 'pass',
      check,
      seen: `${seen}, as the file says; only Lync Server 2010 needs it`,
    }
  return {
    verdict: 'warn',
    check,
    seen,
    means:
      'Only Lync Server 2010 needs it. The file asks for it, so something else than lyncgate answers, or a proxy before it takes the cookie away.',
    advice: 'See that Set-Cookie passes unchanged.',
  }
}

const cookieOf = (answer: WebAnswer): string | undefined =>
  answer.kind === 'answer'
    ? answer.fields.find(([name, value]) => name === 'set-cookie' && setsAffinityCookie(value))?.[1]
    : undefined

const cookieValue = (cookie: string): string | undefined => readAffinityCookie(cookie.trimStart())
