import t from 'tap'
import { ServerRegistry } from '../../../src/pools/server-registry.ts'

t.test('facts are kept by what they measure', async (t) => {
  const registry = new ServerRegistry()
  const facts = registry.factsOf('fe01')
  facts.inFlight = 3
  t.equal(registry.factsOf('fe01'), facts)
  t.not(registry.factsOf('fe02'), facts)
})
