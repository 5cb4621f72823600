/** Exit codes and messages of `lyncgate run`: 1 the file or a port cannot be used, 2 the call was wrong. */
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { startCommand } from '../support/command.ts'
import { freePorts } from '../support/free-ports.ts'

const rules = (port: number, health: number): string => `version: 1
listeners: [{ name: internet, address: 127.0.0.1, http: ${port} }]
pools: { pool01: { product: other, servers: [127.0.0.1] } }
rules: [{ name: Web, publish: anything, hosts: [lyncweb.contoso.com], pool: pool01, http: forward }]
health: { address: 127.0.0.1, port: ${health} }
`

t.test('a port in use: 1, and which one', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const [free = 0] = await freePorts(1)
  const directory = t.testdir({
    'listener.yaml': rules(port, free),
    'health.yaml': rules(free, port),
  })
  for (const file of ['listener.yaml', 'health.yaml']) {
    const command = startCommand(t, 'run', '--config', join(directory, file))
    t.equal(await command.exited, 1)
    t.match(command.stderr, `127.0.0.1 port ${port} is in use by another program`)
  }
})

t.test('a bad file: 1, and every problem', async (t) => {
  const directory = t.testdir({
    'bad.yaml': rules(80, 81)
      .replace('product: other', 'product: lync-2099')
      .replace('http: 80', 'htp: 80'),
  })
  const command = startCommand(t, 'run', '--config', join(directory, 'bad.yaml'))
  t.equal(await command.exited, 1)
  t.match(command.stderr, /lync-2099/)
  t.match(command.stderr, /htp/)
})

t.test('a file that is not there: 1', async (t) => {
  const command = startCommand(t, 'run', '--config', join(t.testdir({}), 'none.yaml'))
  t.equal(await command.exited, 1)
  t.match(command.stderr, 'none.yaml')
})

t.test('an unknown option, and an unknown command: 2', async (t) => {
  for (const args of [['run', '--confg', 'x'], ['rnu'], ['demo', '--http', 'eighty']]) {
    const command = startCommand(t, ...args)
    t.equal(await command.exited, 2)
    t.match(command.stderr, /usage: lyncgate/)
  }
})
