/** Ports are tried before workers open them together. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { parseRules } from '../../../src/config/load.ts'
import { probePorts } from '../../../src/workers/probe-ports.ts'
import { freePorts } from '../../support/free-ports.ts'

function listenersOf(http: number, address = '127.0.0.1') {
  const parsed = parseRules(
    `version: 1
listeners: [{ name: internet, address: ${address}, http: ${http} }]
pools: { pool01: { product: other, servers: [fe01] } }
rules: [{ name: Web, publish: anything, hosts: [a.example], pool: pool01 }]
`,
    'rules.yaml',
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value.rules.listeners
}

t.test('a port that another program shares with everybody is not free', async (t) => {
  const [port = 0] = await freePorts(1)
  const other = createServer().listen({ host: '127.0.0.1', port, reusePort: true })
  await once(other, 'listening')
  t.teardown(() => other.close())
  t.match(await probePorts(listenersOf(port), []), {
    listener: 'internet',
    message: `127.0.0.1 port ${port} is in use by another program`,
  })
  t.equal(await probePorts(listenersOf(port), listenersOf(port)), undefined, 'it is our own')
})

t.test('a free one is free afterwards as well', async (t) => {
  const [port = 0] = await freePorts(1)
  t.equal(await probePorts(listenersOf(port), []), undefined)
  const own = createServer().listen({ host: '127.0.0.1', port, reusePort: true })
  await once(own, 'listening')
  t.match(await probePorts(listenersOf(port, '0.0.0.0'), listenersOf(port)), {
    message: /still held by the configuration in force/,
  })
  own.close()
})
