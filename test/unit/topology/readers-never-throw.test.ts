import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parseRules } from '../../../src/config/load.ts'
import { planPublication } from '../../../src/topology/plan.ts'
import { recognise } from '../../../src/topology/read-source.ts'
import { decodeText } from '../../../src/topology/read-text-file.ts'
import { writeRules } from '../../../src/topology/write-rules.ts'
import { fc } from '../../support/property.ts'

const sources = new URL('../../golden/init/sources/', import.meta.url)
const documents = readdirSync(sources).map((name) => readFileSync(new URL(name, sources)))

/** The whole way; what comes out at its end is a rules file without a mistake. */
function goTheWholeWay(bytes: Uint8Array): 'refused' | 'made' {
  const text = decodeText(bytes)
  if (!text.ok) return 'refused'
  const source = recognise(text.value)
  if (!source.ok) {
    const { message, hint } = source.error
    if (/\n/.test(message + hint) || message.length > 400)
      throw new Error(`a long story: ${message}`)
    return 'refused'
  }
  const plan = planPublication(source.value.facts)
  if (!plan.ok) return 'refused'
  const parsed = parseRules(writeRules(plan.value, ['a test']), '/etc/lyncgate/lyncgate.yaml')
  const problems = parsed.ok ? parsed.value.warnings : parsed.error
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return 'made'
}

t.test('documents that something has gnawed at', async (t) => {
  const words = [
    '<',
    '>',
    '"',
    "'",
    '&',
    '&#0;',
    '\0',
    '\n',
    '{',
    '}',
    ':',
    ' ',
    ',',
    '*',
    '#',
    '\u{1f600}',
    '../',
    'Fqdn="',
    '65536',
    '-1',
    '<!--',
    ']]>',
    '{sipDomain}',
    '*.',
    'xn--',
    '.',
    '\u202e',
    '\r\n\r\n',
    '|',
    '%00',
    '[',
    'null',
  ]
  const cut = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat(40),
    insert: fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 5 })),
  })
  const seen = { refused: 0, made: 0 }
  fc.assert(
    fc.property(
      fc.constantFrom(...documents),
      fc.array(cut, { maxLength: 4 }),
      (document, cuts) => {
        let text = document.toString()
        for (const { at, remove, insert } of cuts) {
          const index = Math.floor(at * text.length)
          text = text.slice(0, index) + insert + text.slice(index + remove)
        }
        seen[goTheWholeWay(Buffer.from(text))] += 1
      },
    ),
    { numRuns: 600 },
  )
  t.ok(seen.refused > 50, `${seen.refused} refused`)
  t.ok(seen.made > 50, `${seen.made} made`)
})

t.test('names that somebody chose to do harm', async (t) => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.constantFrom(
      'a\nrules: []',
      '"]',
      "' }",
      '#',
      '{sipDomain}',
      '*.contoso.com',
      'lyncdiscover.contoso.com',
      'dialin.contoso.com',
      '::1',
      '10.0.0.1',
      'contoso.com',
      '*',
      'a'.repeat(300),
      'true',
      '~',
      '!!js',
      '&a',
      '*a',
      '%',
    ),
  )
  const escapeXml = (text: string): string =>
    text
      .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '?')
      .replace(/[<&"\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
  const [document = ''] = readdirSync(sources)
    .filter((name) => name === 'with-mistakes.tbxml')
    .map((name) => readFileSync(new URL(name, sources), 'utf8'))
  const places = [
    ...document.matchAll(
      /(?<=(?:Fqdn|Host|Name|Url|Domain|DefaultDomain)=")[^"]*(?=")|(?<=<t:Name>)[^<]*/g,
    ),
  ]
  t.ok(places.length > 20)
  let made = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(places.length - 1), evil), { minLength: 1, maxLength: 5 }),
      (changes) => {
        let text = document
        for (const [index, name] of [...changes].sort(([one], [other]) => other - one)) {
          const { index: at = 0, 0: old = '' } = places[index] ?? {}
          if (text.slice(at, at + old.length) === old)
            text = text.slice(0, at) + escapeXml(name) + text.slice(at + old.length)
        }
        if (goTheWholeWay(Buffer.from(text)) === 'made') made += 1
      },
    ),
    { numRuns: 500 },
  )
  t.ok(made > 250, `${made} made`)
})

t.test('what is meant to cost time or memory is answered all the same', async (t) => {
  const large = 2 ** 20
  const costly: Readonly<Record<string, string>> = {
    'attributes without end': `<Topology ${Array.from({ length: 50_000 }, (_, index) => `a${index}=""`).join(' ')}/>`,
    'references without end': `<Topology>${'&amp;'.repeat(large / 8)}</Topology>`,
    'one long name': `<${'a'.repeat(large)}/>`,
    'marks that never end': '<Topology>'.padEnd(large, '<!'),
    'quotes that never end': `<Topology a="${'<'.repeat(large)}`,
    'lines without end': 'Identity : x\n'.repeat(large / 16),
    'one long line': `Identity : ${' '.repeat(large)}x`,
    'blanks before a colon': `Identity${' '.repeat(large)}x`,
    'commas without end': `Identity,${','.repeat(large)}\n${','.repeat(large)}`,
    'a quote that never ends': `"Identity","${'""'.repeat(large / 2)}`,
    'components without end': `Identity : Global\nSimpleUrl : {${'Component='.repeat(large / 16)}}`,
    'dashes without end': `${'--- '.repeat(large / 4)}x`,
    'many SIP domains': `<Topology>${Array.from({ length: 3000 }, (_, index) => `<InternalDomains DefaultDomain="d${index}.com"/>`).join('')}<Clusters><Cluster Fqdn="a.b"><ClusterId SiteId="1" Number="1"/></Cluster></Clusters><Services><Service><ServiceId RoleName="WebServices"/><InstalledOn><ClusterId SiteId="1" Number="1"/></InstalledOn></Service></Services></Topology>`,
    'many pools': `<Topology><Clusters>${Array.from({ length: 5000 }, (_, index) => `<Cluster Fqdn="a${index}.b"><ClusterId SiteId="1" Number="${index}"/></Cluster>`).join('')}</Clusters><Services>${Array.from({ length: 5000 }, (_, index) => `<Service><ServiceId RoleName="WebServices"/><InstalledOn><ClusterId SiteId="1" Number="${index}"/></InstalledOn></Service>`).join('')}</Services></Topology>`,
  }
  for (const [name, text] of Object.entries(costly)) {
    const before = process.cpuUsage().user
    t.equal(goTheWholeWay(Buffer.from(text)), 'refused', name)
    t.comment(`${name}: ${Math.round((process.cpuUsage().user - before) / 1000)} ms`)
  }
})
