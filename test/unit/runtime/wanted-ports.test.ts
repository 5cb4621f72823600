import t from 'tap'
import type { ListenerRule } from '../../../src/config/rules.ts'
import { differenceOfPorts, wantedPorts } from '../../../src/runtime/wanted-ports.ts'

const listener = (
  name: string,
  address: string,
  httpPort?: number,
  httpsPort?: number,
): ListenerRule => ({
  name,
  address,
  httpPort,
  httpsPort,
  tlsProfile: 'compatible',
  proxyProtocol: 'off',
  connections: undefined,
})

const keysOf = (...listeners: readonly ListenerRule[]): string[] =>
  wantedPorts(listeners).map(({ key }) => key)

const difference = (before: readonly ListenerRule[], after: readonly ListenerRule[]) => {
  const { opens, closes } = differenceOfPorts(keysOf(...before), wantedPorts(after))
  return { opens: opens.map(({ key }) => key), closes }
}

t.test('a port is its address and number', async (t) => {
  t.same(keysOf(listener('a', '0.0.0.0', 80, 443)), ['0.0.0.0 443', '0.0.0.0 80'])
  t.same(keysOf(listener('a', '::', 80), listener('b', '::1', 80)), [':: 80', '::1 80'])
})

t.test('any port is told apart by listener and protocol', async (t) => {
  t.equal(new Set(keysOf(listener('a', '::', 0, 0), listener('b', '::', 0, 0))).size, 4)
})

const internet = listener('internet', '0.0.0.0', 80, 443)

t.test('the same ports stay, also under another name, profile or protocol', async (t) => {
  const none = { opens: [], closes: [] }
  t.same(difference([internet], [internet]), none)
  t.same(difference([internet], [{ ...internet, name: 'other', tlsProfile: 'legacy' }]), none)
  t.same(difference([internet], [listener('internet', '0.0.0.0', 443, 80)]), none)
})

t.test('added, removed, moved', async (t) => {
  const inner = listener('inner', '10.0.0.1', undefined, 443)
  t.same(difference([internet], [internet, inner]), { opens: ['10.0.0.1 443'], closes: [] })
  t.same(difference([internet, inner], [internet]), { opens: [], closes: ['10.0.0.1 443'] })
  t.same(difference([internet], [{ ...internet, httpPort: undefined }]), {
    opens: [],
    closes: ['0.0.0.0 80'],
  })
  t.same(difference([internet], [{ ...internet, httpPort: 8080 }]), {
    opens: ['0.0.0.0 8080'],
    closes: ['0.0.0.0 80'],
  })
})
