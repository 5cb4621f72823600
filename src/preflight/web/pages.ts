/** Which pages are asked of which kind of name, and how the answers are judged. */
import type { PublishKind } from '../../config/rules.ts'
import { type Finding, finding, type Judgement, type System } from '../finding.ts'
import { type Endpoint, type Surroundings, writeEndpoint } from '../surroundings.ts'
import type { WebAnswer } from '../web-probe.ts'
import { clientsOf } from './clients.ts'
import { type Asked, judgeChallenge, judgeDiscovery, judgeOpenPage } from './judge-page.ts'
import type { Published, PublishedName } from './published-name.ts'

interface PageTest {
  readonly path: string
  readonly check: string
  readonly judge: (answer: WebAnswer, asked: Asked) => Judgement
  readonly concerns?: readonly System[]
}

export const rootPath = '/autodiscover/autodiscoverservice.svc/root'

/** Microsoft asks the root without an Accept field: 200 (simple URL page, health of GeoDNS). */
const discoveryTest: PageTest = {
  path: rootPath,
  check: 'autodiscover-root',
  judge: judgeDiscovery,
  concerns: ['mobile clients', 'desktop clients'],
}

/** Microsoft Gg429697 (verify access through the reverse proxy), and the list of the first seed. */
const tests: Readonly<Record<PublishKind, readonly PageTest[]>> = {
  'web-services': [
    discoveryTest,
    { path: '/dialin', check: 'dialin-page', judge: judgeOpenPage, concerns: ['browsers'] },
    {
      path: '/Dialin/Conference.aspx',
      check: 'dialin-conference',
      judge: judgeOpenPage,
      concerns: ['browsers'],
    },
    { path: '/meet', check: 'meet-page', judge: judgeOpenPage, concerns: ['browsers'] },
    {
      path: '/WebTicket/WebTicketService.svc/mex',
      check: 'web-ticket',
      judge: judgeOpenPage,
      concerns: ['desktop clients', 'mobile clients'],
    },
    {
      path: '/abs/handler',
      check: 'address-book-challenge',
      judge: judgeChallenge,
      concerns: ['desktop clients'],
    },
  ],
  meet: [{ path: '/', check: 'meet-page', judge: judgeOpenPage }],
  dialin: [{ path: '/', check: 'dialin-page', judge: judgeOpenPage }],
  autodiscover: [discoveryTest, { path: '/', check: 'autodiscover-start', judge: judgeDiscovery }],
  'office-web-apps': [
    { path: '/hosting/discovery', check: 'office-discovery', judge: judgeOpenPage },
  ],
  exchange: [{ path: '/EWS/Exchange.asmx', check: 'exchange-challenge', judge: judgeChallenge }],
  // `preflight cwa` has the tests of Communicator Web Access.
  'communicator-web-access': [],
  anything: [],
}

/** The pages of a name over HTTPS, one after the other: a test is no load test. */
export async function testPages(
  { probes }: Surroundings,
  name: PublishedName,
  { endpoint, published }: { endpoint: Endpoint; published: Published },
): Promise<readonly Finding[]> {
  const subject = `https://${name.host} (${writeEndpoint(endpoint)})`
  const findings: Finding[] = []
  for (const { path, check, judge, concerns = clientsOf[name.kind] } of tests[name.kind]) {
    const page = { scheme: 'https', host: name.host, path } as const
    const answer = await probes.web(endpoint, { ...page, fields: {}, wantsBody: true })
    findings.push(finding({ concerns, ...judge(answer, { ...page, check, published }), subject }))
  }
  return findings
}
