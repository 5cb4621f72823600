import t from 'tap'
import { combineFacts } from '../../../src/topology/combine-facts.ts'
import { planPublication } from '../../../src/topology/plan.ts'
import { recognise } from '../../../src/topology/read-source.ts'

const webServer = [
  'Identity : WebServer:pool01.contoso.local',
  'ExternalHttpsPort : 4443',
  'ExternalFqdn : lyncweb.contoso.com',
  'PoolFqdn : pool01.contoso.local',
  'Version : 7',
  'Role : WebServer',
].join('\n')

function adviceOn(...texts: readonly string[]): readonly string[] {
  const facts = texts.map((text) => {
    const source = recognise(text)
    if (!source.ok) throw new Error(source.error.message)
    return source.value.facts
  })
  const plan = planPublication(combineFacts(facts))
  if (!plan.ok) throw new Error(plan.error.message)
  return plan.value.advice.map(({ code, message }) => `${code}: ${message}`)
}

t.test('a list that Format-List cut short is told, not taken for the whole', async (t) => {
  for (const end of ['...', '\u2026']) {
    const advice = adviceOn(
      webServer,
      `Identity : pool01.contoso.local\nComputers : {fe01.contoso.local, fe02.contoso.local${end}}\nFqdn : pool01.contoso.local`,
      `Identity : Global\nSimpleUrl : {Component=Meet;Domain=*;ActiveUrl=https://meet.contoso.com${end}}`,
    )
    t.ok(
      advice.some((each) => /^incomplete-export: Computers of pool01\.contoso\.local/.test(each)),
    )
    t.ok(advice.some((each) => /^servers-assumed/.test(each)))
    t.ok(advice.some((each) => /^incomplete-export: SimpleUrl of Global/.test(each)))
  }
})

t.test('a list that Export-Csv replaced by the name of its type is told', async (t) => {
  const advice = adviceOn(
    webServer,
    '"Identity","SimpleUrl","UseBackendDatabase"\n"Global","System.Collections.Generic.List`1[Microsoft.Rtc]","False"\n',
    '"Identity","Computers","Fqdn"\n"pool01.contoso.local","System.Collections.Generic.List`1[System.String]","pool01.contoso.local"\n',
  )
  t.ok(advice.some((each) => /^incomplete-export: SimpleUrl of Global/.test(each)))
  t.ok(advice.some((each) => /^incomplete-export: Computers of pool01/.test(each)))
  t.ok(advice.some((each) => /^simple-urls-assumed/.test(each)))
})

t.test('what an earlier source says stands, later ones fill in', async (t) => {
  const first = recognise(webServer)
  const second = recognise(webServer.replace('lyncweb', 'other').replace('4443', '4444'))
  const computers = recognise(
    'Identity : a\nPool : POOL01.contoso.local\nFqdn : fe07.contoso.local',
  )
  if (!first.ok || !second.ok || !computers.ok) throw new Error('they are read')
  const [pool] = combineFacts([computers, first, second].map((each) => each.value.facts)).pools
  t.equal(pool?.web?.externalHost, 'lyncweb.contoso.com')
  t.equal(pool?.web?.externalHttps, 4443)
  t.same(pool?.servers, ['fe07.contoso.local'])
})
