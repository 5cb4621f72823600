import t from 'tap'
import { parseRules } from '../../../src/config/load.ts'
import { judgeAffinity } from '../../../src/preflight/web/affinity.ts'
import { judgeInternal } from '../../../src/preflight/web/internal-directories.ts'
import {
  accessLocation,
  judgeChallenge,
  judgeDiscovery,
  judgeOpenPage,
} from '../../../src/preflight/web/judge-page.ts'
import { judgePlain, judgePlainDiscovery } from '../../../src/preflight/web/plain-http.ts'
import {
  type PublishedName,
  publishedHosts,
  publishedNames,
} from '../../../src/preflight/web/published-name.ts'
import { judgeSignIn } from '../../../src/preflight/web/sign-in.ts'
import { judgeVersions } from '../../../src/preflight/web/tls-versions.ts'
import type { Field, WebAnswer } from '../../../src/preflight/web-probe.ts'

interface Said {
  readonly location?: string
  readonly fields?: readonly Field[]
  readonly body?: string
}

const answer = (status: number, { location, fields = [], body = '' }: Said = {}): WebAnswer => ({
  kind: 'answer',
  status,
  location,
  fields,
  body,
})

const silence: WebAnswer = { kind: 'not-http', reason: 'time-out' }

const asked = {
  check: 'x',
  scheme: 'https',
  host: 'lyncweb.contoso.com',
  path: '/dialin',
  published: new Set(['lyncweb.contoso.com', 'dialin.contoso.com']),
} as const

const to = (location: string): WebAnswer => answer(302, { location })

t.test('pages for everybody', async (t) => {
  const table: readonly (readonly [WebAnswer, string, RegExp?])[] = [
    [answer(200), 'pass'],
    [to('/dialin/'), 'pass'],
    [to('https://DIALIN.contoso.com/'), 'pass'],
    [to('https://lyncweb.contoso.com/dialin'), 'fail', /endless loop/],
    [to('https://fe01.contoso.local/dialin'), 'fail', /No rule of the file publishes/],
    [to('http://lyncweb.contoso.com/dialin'), 'warn', /back to plain HTTP/],
    [to('https://['), 'fail', /leads nowhere/],
    [answer(302), 'fail', /leads nowhere/],
    [answer(204), 'fail', /do not expect/],
    [answer(401), 'fail', /asks for a sign-in/],
    [answer(403), 'fail', /forget the address/],
    [answer(404), 'fail', /does not exist/],
    [answer(502), 'fail', /forget the address/],
    [answer(503), 'fail', /out of order/],
    [silence, 'fail', /wait, then give up/],
  ]
  for (const [given, verdict, means] of table) {
    const judgement = judgeOpenPage(given, asked)
    t.equal(judgement.verdict, verdict, JSON.stringify(given))
    if (means) t.match(judgement.means, means)
  }
})

t.test('autodiscover says which site answers', async (t) => {
  const table: readonly (readonly [string, string, RegExp?])[] = [
    ['{"AccessLocation":"External","Root":{}}', 'pass'],
    ['<AutodiscoverResponse AccessLocation="External"><Root/></AutodiscoverResponse>', 'pass'],
    ['{"AccessLocation":"Internal"}', 'fail', /internal web site/],
    ["<AutodiscoverResponse AccessLocation='internal'/>", 'fail', /internal web site/],
    ['<html>It works!</html>', 'fail', /Something else/],
    ['', 'fail', /Something else/],
    ['{"AccessLocation":"External","href":"https://lyncweb.contoso.com/x"}', 'pass'],
    ['{"AccessLocation":"External","href":"https:\\/\\/fe01.contoso.local\\/x"}', 'warn'],
    ['<a AccessLocation="External"><Link href="https://fe01.contoso.local/"/></a>', 'warn'],
  ]
  for (const [body, verdict, means] of table) {
    const judgement = judgeDiscovery(answer(200, { body }), asked)
    t.equal(judgement.verdict, verdict, body)
    if (means) t.match(judgement.means, means)
  }
  t.equal(judgeDiscovery(answer(403), asked).verdict, 'fail')
  t.equal(accessLocation(`AccessLocation="${'x'.repeat(70_000)}"`), undefined)
})

t.test('a challenge must come through', async (t) => {
  const challenge = (...values: readonly string[]): WebAnswer =>
    answer(401, { fields: values.map((value) => ['www-authenticate', value]) })
  t.equal(judgeChallenge(challenge('Negotiate', 'NTLM'), asked).verdict, 'pass')
  t.equal(judgeChallenge(challenge('ntlm'), asked).verdict, 'pass')
  t.match(judgeChallenge(challenge('Basic realm="NTLM"'), asked), { verdict: 'fail' })
  t.match(judgeChallenge(challenge(), asked), { verdict: 'fail', means: /cannot sign in/ })
  t.match(judgeChallenge(answer(200), asked), { verdict: 'fail', means: /without a sign-in/ })
  t.match(judgeChallenge(to('/login'), asked), { verdict: 'fail', advice: /pre-authentication/ })
  t.match(judgeChallenge(answer(404), asked), { verdict: 'fail' })
  t.match(judgeChallenge(silence, asked), { verdict: 'fail' })
})

t.test('internal directories are closed by any refusal', async (t) => {
  const judge = (given: WebAnswer) => judgeInternal([{ path: '/cscp/', answer: given }])
  for (const status of [400, 403, 404]) t.equal(judge(answer(status)).verdict, 'pass')
  for (const status of [200, 301, 401]) t.equal(judge(answer(status)).verdict, 'fail')
  t.equal(judge(answer(503)).verdict, 'warn')
  t.equal(judge(silence).verdict, 'warn')
})

t.test('the affinity cookie', async (t) => {
  const sets = (cookie: string): WebAnswer => answer(200, { fields: [['set-cookie', cookie]] })
  const name = { product: 'skype-se', affinity: 'cookie' } as const
  const judge = (first: WebAnswer, second?: WebAnswer) => judgeAffinity(name, first, second).verdict
  t.equal(judge(sets('MS-WSMAN=a; path=/'), answer(200)), 'pass')
  t.equal(judge(sets('MS-WSMAN=a'), sets('MS-WSMAN=a')), 'pass', 'the same once more does no harm')
  t.equal(judge(sets('MS-WSMAN=a'), sets('MS-WSMAN=b')), 'fail')
  t.equal(judge(sets('MS-WSMAN=a; HttpOnly'), answer(200)), 'fail')
  t.equal(judge(sets('MS-WSMAN=a; Max-Age=9'), answer(200)), 'fail')
  t.equal(judge(sets('other=a'), undefined), 'warn')
  t.equal(judge(silence), 'skip')
  t.equal(judgeAffinity({ ...name, affinity: 'none' }, answer(200), undefined).verdict, 'pass')
  const old = { product: 'lync-2010', affinity: 'none' } as const
  t.equal(judgeAffinity(old, answer(200), undefined).verdict, 'fail')
})

const rules = `version: 1
sipDomains: [contoso.com, fabrikam.com]
listeners:
  - { name: internet, address: 0.0.0.0, http: 8080, https: 8443, tls: modern }
  - { name: inside, address: 10.0.0.1, https: 443, tls: legacy }
certificates: [{ cert: public.pem, key: public.key }]
pools: { pool01: { product: skype-2015, servers: [fe01.contoso.local] } }
rules:
  - { name: Web, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }
  - { name: Inside, publish: autodiscover, hosts: ["lyncdiscoverinternal.{sipDomain}"], pool: pool01, listeners: [inside] }
  - { name: Outside, publish: autodiscover, hosts: [lyncdiscover.contoso.com], pool: pool01, listeners: [internet], https: refuse }
`

function namesOf(options?: Parameters<typeof publishedNames>[1]): readonly PublishedName[] {
  const loaded = parseRules(rules, '/lyncgate.yaml')
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  return publishedNames(loaded.value.rules, options)
}

t.test('the names of a file, each at the listener that publishes it', async (t) => {
  const brief = (names: readonly PublishedName[]): readonly string[] =>
    names.map(({ host, httpPort, httpsPort }) => `${host} ${httpPort} ${httpsPort}`)
  t.same(brief(namesOf()), [
    'lyncweb.contoso.com 8080 8443',
    'lyncdiscoverinternal.contoso.com undefined 443',
    'lyncdiscoverinternal.fabrikam.com undefined 443',
    'lyncdiscover.contoso.com 8080 8443',
  ])
  t.same(brief(namesOf({ listener: 'internet', httpPort: 80, httpsPort: 443 })), [
    'lyncweb.contoso.com 80 443',
    'lyncdiscover.contoso.com 80 443',
  ])
  t.match(namesOf({ listener: 'inside' }), [
    { host: 'lyncweb.contoso.com', isForOldClients: true, kind: 'web-services' },
    {},
    {},
  ])
})

t.test('a wildcard publishes each name directly below its domain', async (t) => {
  const [name] = namesOf()
  if (!name) throw new Error('no names')
  const published = publishedHosts([
    { ...name, host: '*.contoso.com' },
    { ...name, host: 'a.b' },
  ])
  for (const host of ['meet.contoso.com', 'a.b']) t.ok(published.has(host), host)
  for (const host of ['contoso.com', 'a.meet.contoso.com', 'b', 'c.b'])
    t.notOk(published.has(host), host)
})

t.test('port 80 is what the file says', async (t) => {
  const [web] = namesOf()
  const discovery = namesOf().at(-1)
  if (!web || !discovery) throw new Error('no names')
  const home = to('https://lyncweb.contoso.com/')
  const judge = (http: PublishedName['http'], given: WebAnswer) =>
    judgePlain(given, { ...web, http }).verdict
  t.equal(judge('redirect', home), 'pass')
  t.equal(judge('redirect', to('https://elsewhere.contoso.com/')), 'fail')
  t.equal(judge('redirect', answer(200)), 'fail')
  t.equal(judge('redirect', silence), 'warn')
  t.equal(judge('refuse', silence), 'pass')
  t.equal(judge('refuse', answer(404)), 'pass')
  t.equal(judge('refuse', answer(200)), 'fail')
  t.equal(judge('forward', answer(200)), 'pass')

  const discover = (name: PublishedName, given: WebAnswer) =>
    judgePlainDiscovery(given, name, { ...asked, host: name.host, scheme: 'http' }).verdict
  const secure = { ...discovery, https: 'serve' } as const
  const sentOn = to('https://lyncdiscover.contoso.com/')
  t.equal(discover(discovery, answer(200, { body: 'AccessLocation="External"' })), 'pass')
  t.equal(discover(discovery, sentOn), 'fail', 'there is no HTTPS to go to')
  t.equal(discover(secure, sentOn), 'warn')
  t.equal(discover(discovery, silence), 'fail')
  t.equal(discover(secure, silence), 'warn')
})

t.test('versions of TLS, and for whom they are', async (t) => {
  const judge = (isForOldClients: boolean, ...spoken: Parameters<typeof judgeVersions>[0]) =>
    judgeVersions(spoken, { isForOldClients, kind: 'web-services' }).verdict
  t.equal(judge(false), 'skip')
  t.equal(judge(false, 'TLSv1.2', 'TLSv1.3'), 'pass')
  t.equal(judge(false, 'TLSv1.3'), 'warn')
  t.equal(judge(false, 'TLSv1'), 'fail')
  t.equal(judge(false, 'TLSv1', 'TLSv1.2'), 'warn')
  t.equal(judge(true, 'TLSv1', 'TLSv1.1', 'TLSv1.2'), 'pass')
  t.equal(judge(true, 'TLSv1.2'), 'warn')
})

t.test('a sign-in, and what other connections get', async (t) => {
  const good = {
    kind: 'answered',
    isChallenged: true,
    signedIn: 200,
    again: 200,
    stranger: 401,
  } as const
  const judge = (change: Partial<typeof good> | Readonly<Record<string, unknown>>) =>
    judgeSignIn({ ...good, ...change } as typeof good)
  t.equal(judge({}).verdict, 'pass')
  t.equal(
    judge({ signedIn: 404, again: 404 }).verdict,
    'pass',
    'what the page says is another matter',
  )
  t.match(judge({ stranger: 200 }), { verdict: 'fail', means: /served as somebody/ })
  t.match(judge({ isChallenged: false, stranger: 200 }), { verdict: 'fail', means: /is open/ })
  t.match(judge({ isChallenged: false, signedIn: 401 }), { verdict: 'fail', means: /Nobody/ })
  t.match(judge({ signedIn: 401, again: 401 }), { verdict: 'fail', seen: /refused/ })
  t.match(judge({ again: 401 }), { verdict: 'warn', seen: /asked again/ })
  t.match(judge({ again: undefined }), { verdict: 'warn', seen: /closed/ })
  t.match(judgeSignIn({ kind: 'failed', reason: 'x' }), { verdict: 'skip' })
})
