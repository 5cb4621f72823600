/** Port 80 of a published name: what clients meet who come without TLS. */
import { type Finding, finding, type Judgement } from '../finding.ts'
import { type Endpoint, type Surroundings, writeEndpoint } from '../surroundings.ts'
import type { WebAnswer } from '../web-probe.ts'
import { clientsOf } from './clients.ts'
import { judgeDiscovery } from './judge-page.ts'
import { rootPath } from './pages.ts'
import { type Published, type PublishedName, servesHttps } from './published-name.ts'

const check = 'plain-http'

/** One request, to the page that matters for the kind of name. */
export async function testPlainHttp(
  { probes }: Surroundings,
  name: PublishedName,
  { endpoint, published }: { endpoint: Endpoint; published: Published },
): Promise<Finding> {
  const path = name.kind === 'autodiscover' ? rootPath : '/'
  const page = { scheme: 'http', host: name.host, path } as const
  const answer = await probes.web(endpoint, { ...page, fields: {}, wantsBody: true })
  const subject = `http://${name.host} (${writeEndpoint(endpoint)})`
  const asked = { ...page, check, published }
  const judgement =
    name.kind === 'autodiscover' && name.http === 'forward'
      ? judgePlainDiscovery(answer, name, asked)
      : judgePlain(answer, name)
  return finding({ concerns: clientsOf[name.kind], ...judgement, subject })
}

/** Microsoft Hh690011: port 80 of lyncdiscover leads to 8080, without a redirection to HTTPS. */
export function judgePlainDiscovery(
  answer: WebAnswer,
  name: PublishedName,
  asked: Parameters<typeof judgeDiscovery>[1],
): Judgement {
  if (answer.kind !== 'answer')
    return {
      verdict: servesHttps(name) ? 'warn' : 'fail',
      check,
      seen: `no answer on port 80 (${answer.reason})`,
      means: servesHttps(name)
        ? 'Mobile clients ask over HTTP as well; those that do not accept the certificate find nothing.'
        : 'This name is published over HTTP only: clients find nothing.',
      advice: 'Open TCP 80 to the proxy, and bridge it to 8080 of the servers.',
    }
  if (!toHttps(answer, name.host)) return judgeDiscovery(answer, asked)
  return {
    verdict: servesHttps(name) ? 'warn' : 'fail',
    check,
    seen: `${asked.path} gives ${answer.status}, sent on to HTTPS`,
    means: 'Clients whose SIP domain is not in the certificate cannot find their services.',
    advice: 'Switch off the redirection to HTTPS for lyncdiscover: port 80 goes on to 8080.',
  }
}

/** Every other name: what the file says is what must happen. */
export function judgePlain(answer: WebAnswer, { http, host, kind }: PublishedName): Judgement {
  if (answer.kind !== 'answer') {
    const seen = `nothing is served without TLS (${answer.reason})`
    if (http === 'refuse') return { verdict: 'pass', check, seen }
    return {
      verdict: 'warn',
      check,
      seen,
      means: 'Who types the name without https:// gets no page.',
      advice: 'Open TCP 80 to the proxy.',
    }
  }
  const { status } = answer
  if (toHttps(answer, host)) return { verdict: 'pass', check, seen: `${status}, sent on to HTTPS` }
  if (status >= 400) {
    const seen = `refused with ${status}`
    // IIS has no start page for the web services; that answer is one all the same.
    if (http !== 'redirect' || kind === 'anything') return { verdict: 'pass', check, seen }
    return {
      verdict: 'warn',
      check,
      seen,
      means: 'Who types the name without https:// gets no page.',
      advice: 'Redirect port 80 of this name to HTTPS.',
    }
  }
  if (http === 'forward') return { verdict: 'pass', check, seen: `answers with ${status}` }
  return {
    verdict: 'fail',
    check,
    seen: `answers with ${status} without TLS`,
    means: 'Content, and perhaps passwords, go through the Internet in the clear.',
    advice: 'Redirect port 80 of this name to HTTPS, or close it.',
  }
}

function toHttps(
  { status, location }: Extract<WebAnswer, { kind: 'answer' }>,
  host: string,
): boolean {
  if (status < 300 || status >= 400 || location === undefined || !URL.canParse(location))
    return false
  const { protocol, hostname } = new URL(location)
  return protocol === 'https:' && hostname === host
}
