/** What people have sent to IIS to get past a filter, for every kind of name: none of it may lead inside. */
import t from 'tap'
import type { PublishKind } from '../../../src/config/rules.ts'
import { PathPolicy, type PolicyMode } from '../../../src/policy/path-policy.ts'

/** DIR becomes the name of an internal directory, with a percent sign before it, its first letter is escaped. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  'escapes, once, twice, three times': [
    '/%DIR',
    '/%25DIR',
    '/%2525DIR',
    '/%%36%33scp',
    '/%2%35%36%33scp',
    '/%u0063scp',
    '/%U0063scp',
    '/%25u0063scp',
    '/%u0025%36%33scp',
  ],
  'separators of every sort': [
    '//DIR',
    '///DIR//',
    '/%2fDIR',
    '/%5cDIR',
    '/%255cDIR',
    '/\\DIR',
    '/\\\\DIR\\',
    '/%c2%a5DIR',
    '/%e2%88%95DIR',
    '/%e2%81%84DIR',
    '/%ef%bc%8fDIR',
    '/%ef%bc%bcDIR',
    '/%u2215DIR',
    '/%uff0fDIR',
    '/%u2216DIR',
  ],
  'dot segments': [
    '/./DIR',
    '/x/../DIR',
    '/x/%2e%2e/DIR',
    '/x/%252e%252e/DIR',
    '/x/.%2e/DIR',
    '/x/..%2fDIR',
    '/x/..%5cDIR',
    '/x/..%255cDIR',
    '/x/.../DIR',
    '/x/.. /DIR',
    '/x/%20../DIR',
    '/x/..;p=1/DIR',
    '/x/..:$DATA/DIR',
    '/x/%e2%80%a5/DIR',
    '/x/%ef%bc%8e%ef%bc%8e/DIR',
    '/x.svc/../../DIR',
    '/WebTicket/WebTicketService.svc/../../DIR/x.aspx',
    '/meet/default.aspx/../../DIR/',
    `/a${'/..'.repeat(3000)}/DIR`,
    `${'/a/..'.repeat(2000)}/DIR`,
    '/..%c0%af..%c0%afDIR',
    '/%c0%ae%c0%ae/DIR',
    '/aspnet_client/../DIR',
    '/aspnet_client/%2e%2e/DIR',
    '/aspnet_client/..%5c..%5cDIR',
  ],
  'what Windows drops behind a name': [
    '/DIR.',
    '/DIR...',
    '/DIR%20',
    '/DIR%20.%20.',
    '/DIR%2e',
    '/DIR%252e/',
    '/DIR%c2%a0/',
    '/DIR%a0/',
    '/DIR%u00a0/',
    '/DIR%e3%80%80/x',
    '/DIR%e2%80%80/x',
    '/DIR%e1%9a%80/x',
    '/DIR%c2%85/x',
    '/DIR%09/x',
    '/DIR%0a',
    '/DIR%7f',
  ],
  'characters without width': [
    '/DIR%e2%80%8b/x',
    '/%e2%80%8bDIR',
    '/%ef%bb%bfDIR',
    '/%c2%adDIR',
    '/%e2%81%a0DIR',
    '/%e2%80%aeDIR',
    '/%f3%a0%81%81DIR',
    '/%u200dDIR',
    '/%ffDIR',
    '/DIR%fe/x',
  ],
  'NUL and overlong bytes': [
    '/DIR%00.aspx',
    '/DIR%00',
    '/x%00/../DIR',
    '/DIR%2500.jpg',
    '/DIR%u0000',
    '/%c1%a3scp',
    '/%e0%81%a3scp',
    '/%f0%80%81%a3scp',
    '/%f8%80%80%81%a3scp',
    '/%fc%80%80%80%81%a3scp',
  ],
  'streams, parameters, devices': [
    '/DIR::$DATA',
    '/DIR:$i30:$INDEX_ALLOCATION/',
    '/DIR::$INDEX_ALLOCATION/x.aspx',
    '/DIR:x/y',
    '/DIR;x=y/z',
    '/;x/DIR',
    '/DIR%3bx',
    '/%5c%5c%3f%5cDIR',
    '/%5c%5c.%5cDIR',
    '/%3f/DIR',
    '/DIR%3fx',
    '/DIR%23x',
    '/DIR#x',
  ],
  'sessions in the path': [
    '/(S(abcdefghijklmnopqrstuvwx))/DIR',
    '/(S(x))/(A(y))/DIR',
    '/(A(x)F(y)S(z))/DIR',
    '/(s(x))/DIR',
    '/%28S%28x%29%29/DIR',
    '/cs(S(x))cp',
    '/cs/(S(x))cp',
    '/(S(x))/cs/(S(x))cp',
    '/(S(x))DIR',
    '/(S((S(x))))/DIR',
    '/(S(a(b))/DIR',
    '/(S(x)(S(y)))/DIR',
    '/(S(x))DIR(S(y))',
    '/DIR(S(x))',
    '/DIR/(S(x))/x.aspx',
  ],
  'letters that look alike': [
    '/%ef%bd%83scp',
    '/%uff43scp',
    '/%c4%8dscp',
    '/%c3%a7scp',
    '/%e7scp',
    '/%c4%87scp',
    '/c%c5%9fcp',
    '/csc%cf%80',
    '/cs%d1%81p',
    '/%e2%84%82scp',
    '/%f0%9d%96%88scp',
    '/%ef%bc%8563scp',
    '/%EF%B9%AA63scp',
    '/adm%c4%b1n/',
    '/%c3%a0dmin/',
    '/locat%c4%b1onInformation/',
    '/LOCAT%C4%B0ONINFORMATION/',
    '/RgsCon%ef%ac%81g',
    '/OcsPowerShell%cc%81/',
    '/OcsPower%c5%bfhell/',
  ],
  'short names': [
    '/OCSPOW~1/',
    '/ocspow~12/',
    '/OCSPO~10/',
    '/OC1A2B~1/',
    '/%4fCSPOW%7e1',
    '/LOCATI~1/LIService.svc',
    '/RGSCON~1',
    '/REQUES~1/Files',
    '/x/../OCSPOW~1',
    '/(S(x))/RGSCON~1',
    '/OCSPOW%e2%88%bc1',
  ],
  'the Admin simple URL': [
    '/admin',
    '/ADMIN/',
    '/Admin/default.aspx',
    '/contoso.com/Admin',
    '/contoso.com/%41dmin/',
    '/contoso.com//admin',
    '/x/../contoso.com/admin/',
    '/admin;x/',
  ],
}

const kinds: readonly PublishKind[] = ['web-services', 'meet', 'dialin', 'autodiscover', 'anything']
const modes: readonly PolicyMode[] = ['guard', 'strict', 'observe']

for (const [title, targets] of Object.entries(spellings)) {
  t.test(title, async (t) => {
    for (const kind of kinds) {
      for (const mode of modes) {
        const policy = new PathPolicy({ mode, product: 'skype-2015', kind, allow: [], deny: [] })
        for (const target of targets.flatMap(spell)) {
          const { kind: decision } = policy.decide(target)
          t.not(decision, 'serve', `${mode} on ${kind}: ${target.slice(0, 60)}`)
        }
      }
    }
  })
}

t.test(
  'what a rule denies cannot be spelt around, what it allows opens nothing else',
  async (t) => {
    const policy = new PathPolicy({
      mode: 'guard',
      product: 'skype-2015',
      kind: 'web-services',
      allow: ['/requesthandler/files/ucphone', '/büro'],
      deny: ['/reach/private'],
    })
    for (const target of [
      '/reach/private',
      '/reach/%70rivate/x',
      '/reach/x/../private',
      '/reach//private.',
      '/reach/(S(x))/private',
      '/reach/priv%c3%a0te',
      '/RequestHandler/Files/UCPhone/../x',
      '/RequestHandler/Files/UCPhone/%2e%2e/%2e%2e/ucdevice.upx',
      '/RequestHandler/Files/x',
      '/REQUES~1/Files/UCPhone/x',
      '/b%c3%bcro/../cscp',
      '/x%2f..%2fcscp/',
    ]) {
      t.not(policy.decide(target).kind, 'serve', target)
    }
    t.equal(policy.decide('/RequestHandler/Files/UCPhone/CPE.cat').kind, 'serve')
    t.equal(policy.decide('/b%c3%bcro/plan').kind, 'serve')
  },
)

t.test('what makes links to inner documents stays inside on Office Web Apps names', async (t) => {
  const policy = new PathPolicy({
    mode: 'guard',
    product: 'office-web-apps',
    kind: 'office-web-apps',
    allow: [],
    deny: [],
  })
  for (const target of [
    '/op/generate.aspx',
    '/OP/Generate.aspx?x',
    '/op/./generate.aspx',
    '/op//generate.aspx',
    '/op%2fgenerate.aspx',
    '/op/generate.aspx.',
    '/op/generate.aspx/x',
    '/op/generate.aspx;x',
    '/op/x/../generate.aspx',
    '/op/GENERA~1.ASP',
    '/wv/../op/generate.aspx',
    '/op/(S(x))/generate.aspx',
  ]) {
    t.not(policy.decide(target).kind, 'serve', target)
  }
  t.equal(policy.decide('/op/view.aspx?src=x').kind, 'serve')
})

function spell(text: string): readonly string[] {
  if (!text.includes('DIR')) return [text]
  return ['cscp', 'OcsPowerShell'].map((name) =>
    text.replace(/((?:%2525|%25|%)?)DIR/, (_, sign: string) =>
      sign === '' ? name : `${sign}${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
    ),
  )
}
