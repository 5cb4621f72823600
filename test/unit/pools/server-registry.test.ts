import { createSecureContext } from 'node:tls'
import t from 'tap'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'

t.test('facts are kept by what they measure, over configurations', async (t) => {
  const registry = new ServerRegistry()
  const first = registry.draft()
  const facts = first.factsOf('fe01', 'fe01')
  facts.inFlight = 3
  t.equal(first.factsOf('fe01', 'fe01'), facts)
  t.not(first.factsOf('fe02', 'fe02'), facts)
  first.adopt()
  t.equal(registry.draft().factsOf('fe01', 'fe01'), facts)
})

t.test('a draft that is not adopted changes nothing', async (t) => {
  const registry = new ServerRegistry()
  const first = registry.draft()
  const facts = first.factsOf('fe01', 'fe01')
  first.adopt()
  const refused = registry.draft()
  const refusedFacts = refused.factsOf('fe02', 'fe02')
  t.notOk(facts.isRetired)
  t.not(registry.draft().factsOf('fe02', 'fe02'), refusedFacts)
})

t.test('a server that is gone is retired and forgotten', async (t) => {
  const registry = new ServerRegistry()
  const first = registry.draft()
  const gone = first.factsOf('fe01', 'fe01')
  const kept = first.factsOf('fe02', 'fe02')
  first.adopt()
  const second = registry.draft()
  second.factsOf('fe02', 'fe02')
  second.adopt()
  t.ok(gone.isRetired)
  t.notOk(kept.isRetired)
  t.not(registry.draft().factsOf('fe01', 'fe01'), gone)
})

t.test('trust is made once per key, and forgotten with its last pool', async (t) => {
  const registry = new ServerRegistry()
  let made = 0
  const make = () => {
    made++
    return createSecureContext()
  }
  for (let round = 0; round < 3; round++) {
    const draft = registry.draft()
    draft.trustOf('root', make)
    draft.adopt()
  }
  t.equal(made, 1)
  registry.draft().adopt()
  registry.draft().trustOf('root', make)
  t.equal(made, 2)
})

t.test(
  'a place is vacant when nobody is served there, under whatever trust that began',
  async (t) => {
    const registry = new ServerRegistry()
    const first = registry.draft()
    const before = first.factsOf('old trust', 'pool01/fe01')
    first.adopt()
    before.inFlight = 1
    const second = registry.draft()
    const after = second.factsOf('new trust', 'pool01/fe01')
    second.adopt()
    t.same(registry.all(), [after, before])
    t.notOk(registry.isVacant('pool01/fe01'))
    t.ok(registry.isVacant('pool01/fe02'))
    before.inFlight = 0
    before.pinned = 1
    t.notOk(registry.isVacant('pool01/fe01'))
    before.pinned = 0
    t.ok(registry.isVacant('pool01/fe01'))
    registry.draft().adopt()
    t.same(registry.all(), [], 'and then forgotten')
  },
)
