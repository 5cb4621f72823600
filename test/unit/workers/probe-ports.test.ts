/** Ports are tried before workers open them together. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { parseRules } from '../../../src/config/load.ts'
import { probePorts } from '../../../src/workers/probe-ports.ts'
import { freePorts } from '../../support/free-ports.ts'

function rulesOf(http: number, address = '127.0.0.1', streams = '[]') {
  const parsed = parseRules(
    `version: 1
listeners: [{ name: internet, address: ${address}, http: ${http} }]
pools: { pool01: { product: other, servers: [fe01] } }
rules: [{ name: Web, publish: anything, hosts: [a.example], pool: pool01 }]
streams: ${streams}
`,
    'rules.yaml',
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value.rules
}

t.test('a port that another program shares with everybody is not free', async (t) => {
  const [port = 0] = await freePorts(1)
  const other = createServer().listen({ host: '127.0.0.1', port, reusePort: true })
  await once(other, 'listening')
  t.teardown(() => other.close())
  t.match(await probePorts(rulesOf(port), undefined), {
    listener: 'internet',
    message: `127.0.0.1 port ${port} is in use by another program`,
  })
  t.equal(await probePorts(rulesOf(port), rulesOf(port)), undefined, 'it is our own')
})

t.test('a free one is free afterwards as well', async (t) => {
  const [port = 0] = await freePorts(1)
  t.equal(await probePorts(rulesOf(port), undefined), undefined)
  const own = createServer().listen({ host: '127.0.0.1', port, reusePort: true })
  await once(own, 'listening')
  t.match(await probePorts(rulesOf(port, '0.0.0.0'), rulesOf(port)), {
    message: /still held by the configuration in force/,
  })
  own.close()
})

t.test('ports of streams are tried too', async (t) => {
  const [http = 0, port = 0] = await freePorts(2)
  const other = createServer().listen({ host: '127.0.0.1', port, reusePort: true })
  await once(other, 'listening')
  t.teardown(() => other.close())
  const stream = `[{ name: SIP, listen: ${port}, address: 127.0.0.1, servers: ["edge:5061"] }]`
  const rules = rulesOf(http, '127.0.0.1', stream)
  t.match(await probePorts(rules, undefined), { listener: 'SIP' })
  t.equal(await probePorts(rules, rules), undefined, 'it is our own')
})
