/** What the answer to one page says about the way to the server. */
import type { Judgement } from '../finding.ts'
import { visible } from '../visible.ts'
import type { WebAnswer } from '../web-probe.ts'
import type { Published } from './published-name.ts'

/** What is asked of a page. */
export interface Asked {
  readonly check: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  /** Names of the file: a redirection or a link to another one leads nowhere. */
  readonly published: Published
}

type Answered = Extract<WebAnswer, { kind: 'answer' }>

/** A page that everybody may see. */
export function judgeOpenPage(answer: WebAnswer, asked: Asked): Judgement {
  if (answer.kind !== 'answer') return noAnswer(answer.reason, asked)
  if (answer.status === 200)
    return { verdict: 'pass', check: asked.check, seen: seenOf(answer, asked) }
  return answer.status >= 300 && answer.status < 400
    ? judgeRedirection(answer, asked)
    : judgeRefusal(answer, asked)
}

/** Autodiscover tells which site has answered. */
export function judgeDiscovery(answer: WebAnswer, asked: Asked): Judgement {
  const { check, published } = asked
  if (answer.kind !== 'answer' || answer.status !== 200) return judgeOpenPage(answer, asked)
  const location = accessLocation(answer.body)
  const seen = `${seenOf(answer, asked)}, AccessLocation ${location ?? 'is missing'}`
  if (location === undefined)
    return {
      verdict: 'fail',
      check,
      seen,
      means: 'Something else than the autodiscover service answers; clients find no services.',
      advice: 'See that the proxy leads this name to the external web site of the pool, port 4443.',
    }
  if (location.toLowerCase() === 'internal')
    return {
      verdict: 'fail',
      check,
      seen,
      means:
        'The proxy leads to the internal web site (443) instead of the external one (4443): mobile clients are sent to names that exist inside only, and internal directories are reachable.',
      advice: 'Bridge 443 to 4443 and 80 to 8080 of the servers.',
    }
  const strangers = linkedHosts(answer.body).filter((host) => !published.has(host))
  if (strangers.length === 0) return { verdict: 'pass', check, seen }
  return {
    verdict: 'warn',
    check,
    seen: `${seen}, links to ${strangers.map((host) => visible(host, 80)).join(', ')}`,
    means: 'Clients go on there, and no rule of the file publishes it.',
    advice:
      'Publish that name, or correct the external web services FQDN in Topology Builder and run Enable-CsComputer.',
  }
}

/** `External`, `Internal`, or undefined; JSON and XML write it differently. */
export const accessLocation = (body: string): string | undefined =>
  /\bAccessLocation["']?\s*[:=]\s*["'](\w{1,20})["']/i.exec(body)?.[1]

/** The hosts of the links, at most a handful. */
function linkedHosts(body: string): readonly string[] {
  const links = body.matchAll(/\bhref["']?\s*[:=]\s*["'](https?:(?:\\?\/){2}[^"'\s]{1,300})["']/gi)
  const hosts = [...links]
    .map(([, link = '']) => link.replaceAll('\\/', '/'))
    .filter((link) => URL.canParse(link))
    .map((link) => new URL(link).hostname)
  return [...new Set(hosts)].slice(0, 5)
}

/** A service behind Windows sign-in: the challenge must come through. */
export function judgeChallenge(answer: WebAnswer, asked: Asked): Judgement {
  const { check } = asked
  if (answer.kind !== 'answer') return noAnswer(answer.reason, asked)
  const schemes = answer.fields
    .filter(([name]) => name === 'www-authenticate')
    .flatMap(([, value]) => /^\s*([\w-]+)/.exec(value)?.[1] ?? [])
  const seen = `${seenOf(answer, asked)}${schemes.length > 0 ? `, offers ${schemes.join(', ')}` : ''}`
  if (answer.status === 401) {
    if (schemes.some((scheme) => /^(?:ntlm|negotiate)$/i.test(scheme)))
      return { verdict: 'pass', check, seen }
    return {
      verdict: 'fail',
      check,
      seen: `${seen}, neither NTLM nor Negotiate`,
      means:
        'Clients cannot sign in: the address book stays empty, and they ask for a password again and again.',
      advice:
        'The proxy must pass WWW-Authenticate unchanged and must not sign users in itself (pass-through authentication).',
    }
  }
  if (answer.status === 200)
    return {
      verdict: 'fail',
      check,
      seen,
      means:
        'Served without a sign-in: either the directory is open to everybody, or a connection of somebody else is used.',
      advice:
        'Look at the authentication of the directory in IIS, and see that the proxy does not share connections to the servers between clients.',
    }
  if (answer.status >= 300 && answer.status < 400)
    return {
      verdict: 'fail',
      check,
      seen: `${seen}, sent on to ${visible(answer.location ?? 'nowhere', 120)}`,
      means: 'Clients do not follow a redirection to a sign-in page.',
      advice: 'Switch off forms and pre-authentication for this name on the proxy.',
    }
  return judgeRefusal(answer, asked)
}

const seenOf = ({ status }: Answered, { path }: Asked): string => `${path} gives ${status}`

function noAnswer(reason: string, { check, path }: Asked): Judgement {
  return {
    verdict: 'fail',
    check,
    seen: `${path}: no HTTP answer (${reason})`,
    means: 'Clients wait, then give up.',
    advice: 'See whether the proxy reaches its servers, and whether one of them is healthy.',
  }
}

function judgeRedirection(answer: Answered, asked: Asked): Judgement {
  const { check, scheme, host, path, published } = asked
  const here = `${scheme}://${host}${path}`
  const target = parseUrl(answer.location, here)
  const seen = `${seenOf(answer, asked)}, sent on to ${visible(answer.location ?? 'nowhere', 120)}`
  if (!target)
    return {
      verdict: 'fail',
      check,
      seen,
      means: 'The answer leads nowhere.',
      advice: 'Look at the server behind the proxy.',
    }
  if (target.href === new URL(here).href)
    return {
      verdict: 'fail',
      check,
      seen,
      means: 'An endless loop: the server believes that the client came without TLS.',
      advice:
        'The proxy must speak TLS to the servers (4443): ending TLS on the proxy is not supported, and IIS redirects plain HTTP.',
    }
  if (!published.has(target.hostname))
    return {
      verdict: 'fail',
      check,
      seen,
      means: 'No rule of the file publishes that name: browsers outside end there.',
      advice:
        'See that the proxy passes the Host field unchanged, and publish the name if it is the external one.',
    }
  if (target.protocol === 'http:' && scheme === 'https')
    return {
      verdict: 'warn',
      check,
      seen,
      means: 'From HTTPS back to plain HTTP.',
      advice: 'See that the proxy speaks TLS to the servers and passes Location unchanged.',
    }
  return { verdict: 'pass', check, seen }
}

const parseUrl = (text: string | undefined, base: string): URL | undefined =>
  text !== undefined && URL.canParse(text, base) ? new URL(text, base) : undefined

/** Every status that is neither the page nor a redirection; what people mostly did to get it. */
function judgeRefusal(answer: Answered, asked: Asked): Judgement {
  const { status } = answer
  const { means, advice } = refusals[status] ?? (status >= 500 ? brokenServer : strangeStatus)
  return { verdict: 'fail', check: asked.check, seen: seenOf(answer, asked), means, advice }
}

const filtered = {
  means: 'The page does not exist for clients.',
  advice:
    'A path filter of the proxy, a changed Host field, or the wrong server: let the proxy pass the path and the Host field unchanged.',
}

const brokenServer = {
  means: 'The server, or the way from the proxy to it, is out of order.',
  advice: 'Look into the log of the proxy and of IIS; see that the pool is healthy.',
}

const strangeStatus = {
  means: 'Clients do not expect this answer here.',
  advice: 'Look at which server answers, and at what the proxy does to the request.',
}

const refusals: Readonly<Record<number, { means: string; advice: string }>> = {
  401: {
    means: 'The page is open to everybody on the server; something on the way asks for a sign-in.',
    advice: 'Switch off pre-authentication on the proxy: pass-through, all users.',
  },
  403: {
    means:
      'Refused. Mobile clients forget the address of their services when they are answered so.',
    advice:
      'Open the directory on the proxy; where a filter against attacks refuses it, take this name out.',
  },
  404: filtered,
  421: filtered,
  502: {
    means:
      'The proxy does not get an answer from the server. Mobile clients forget the address of their services.',
    advice: 'See that the proxy trusts the certificate of the servers and reaches port 4443.',
  },
}
