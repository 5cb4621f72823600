import type { Arbitrary } from 'fast-check'
import t from 'tap'
import { parseRules } from '../../../src/config/load.ts'
import { combineFacts } from '../../../src/topology/combine-facts.ts'
import type { Facts } from '../../../src/topology/facts.ts'
import { planPublication } from '../../../src/topology/plan.ts'
import { recognise, type SourceKind } from '../../../src/topology/read-source.ts'
import { writeRules } from '../../../src/topology/write-rules.ts'
import { fc } from '../../support/property.ts'
import {
  type DeployedPool,
  type DeployedUrl,
  type Deployment,
  writeBuilder,
  writeCliXml,
  writeCsvs,
  writeLists,
} from '../../support/topology-documents.ts'

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
const domain = fc
  .tuple(label, fc.constantFrom('com', 'de', 'co.uk'))
  .map((parts) => parts.join('.'))
const port = fc.integer({ min: 1, max: 65_535 })
const ports = fc.record({ http: port, https: port })

const pool = (index: number): Arbitrary<DeployedPool> =>
  fc.record({
    fqdn: fc.tuple(label, label).map(([a, b]) => `${a}${index}.${b}.local`),
    site: fc.constantFrom('Berlin', 'Aix & Co', 'S\u00fcd'),
    version: fc.integer({ min: 5, max: 8 }),
    servers: fc
      .uniqueArray(label, { minLength: 1, maxLength: 12 })
      .map((names) => names.map((name) => `${name}.inside.local`)),
    isDirector: fc.boolean(),
    externalHost: fc.tuple(label, domain).map(([a, b]) => `ext${index}${a}.${b}`),
    ports,
    published: ports,
  })

const simpleUrl: Arbitrary<DeployedUrl> = fc.record({
  component: fc.constantFrom('Meet', 'Dialin', 'Cscp'),
  domain: fc.oneof(domain, fc.constant('*')),
  urls: fc
    .uniqueArray(
      fc
        .tuple(label, domain, fc.constantFrom('', '/meet', '/a.b/Meet'))
        .map(([a, b, path]) => `https://${a}.${b}${path}`),
      { minLength: 1, maxLength: 3 },
    )
    .map(([first = '', ...rest]) => [first, ...rest] as const),
})

const deployment: Arbitrary<Deployment> = fc.record({
  sipDomains: fc.uniqueArray(domain, { minLength: 1, maxLength: 4 }),
  pools: fc
    .integer({ min: 1, max: 4 })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => pool(index)))),
  simpleUrls: fc.array(simpleUrl, { maxLength: 6 }),
})

function rulesOf(kind: SourceKind, ...texts: readonly string[]): string {
  const facts = texts.map((text): Facts => {
    const source = recognise(text)
    if (!source.ok) throw new Error(`${source.error.message}\n${text}`)
    if (source.value.kind !== kind) throw new Error(`taken for ${source.value.kind}`)
    return source.value.facts
  })
  const plan = planPublication(combineFacts(facts))
  if (!plan.ok) throw new Error(plan.error.message)
  return writeRules(plan.value, ['a test'])
}

// A topology lists its clusters site by site, cmdlets do as they like: the order of pools is the order of the source.
const bySite = ({ pools, ...rest }: Deployment): Deployment => {
  const sites = [...new Set(pools.map(({ site }) => site))]
  return { ...rest, pools: sites.flatMap((site) => pools.filter((each) => each.site === site)) }
}

t.test('the same deployment makes the same rules file, in whatever format it comes', async (t) => {
  fc.assert(
    fc.property(deployment.map(bySite), fc.integer({ min: 60, max: 200 }), (each, width) => {
      const expected = rulesOf('builder', writeBuilder(each))
      const written = {
        list: rulesOf('list', writeLists(each, width)),
        'list with CRLF': rulesOf('list', writeLists(each, width).replaceAll('\n', '\r\n')),
        csv: rulesOf('csv', ...writeCsvs(each)),
        'csv of another country': rulesOf('csv', ...writeCsvs(each, ';')),
        clixml: rulesOf('clixml', writeCliXml(each)),
        both: rulesOf('builder', writeBuilder(each), writeBuilder(each)),
      }
      for (const [name, rules] of Object.entries(written)) {
        if (rules !== expected) throw new Error(`${name}:\n${rules}\ninstead of\n${expected}`)
      }
    }),
    { numRuns: 60 },
  )
  t.pass('for 60 deployments')
})

t.test(
  'whatever the deployment, the rules file has no mistake and nothing to warn of',
  async (t) => {
    fc.assert(
      fc.property(deployment, (each) => {
        const rules = rulesOf('builder', writeBuilder(each))
        const parsed = parseRules(rules, '/etc/lyncgate/lyncgate.yaml')
        const problems = parsed.ok ? parsed.value.warnings : parsed.error
        if (problems.length > 0) throw new Error(`${JSON.stringify(problems)}\n${rules}`)
      }),
      { numRuns: 100 },
    )
    t.pass('for 100 deployments')
  },
)
