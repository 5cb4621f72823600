/** A server that drains is empty when the last long poll has ended and the last signed-in client has gone, no sooner. */
import t, { type Test } from 'tap'
import type { LabServer } from '../../src/lab/lab-server.ts'
import { signIn } from '../../src/ntlm/ntlm-client.ts'
import { askAdmin, bearer, madeToken } from '../support/ask-admin.ts'
import { credentialsOf, HOST, startLabProxy } from '../support/lab-proxy.ts'

async function start(t: Test) {
  const lab = await startLabProxy(t, { top: 'admin: {}' })
  const port = lab.proxy.adminPort ?? 0
  const token = bearer(madeToken(t, port))
  const nameOf = ({ address, httpsPort }: LabServer): string => `${address}:${httpsPort}`
  const post = (server: LabServer, action: string) =>
    askAdmin(port, `POST /api/pools/pool01/servers/${nameOf(server)}/${action}`, [token])
  const serverStatus = async (server: LabServer): Promise<Record<string, unknown>> => {
    const { json } = await askAdmin(port, 'GET /api/status')
    const [pool] = json['pools'] as { servers: { name: string }[] }[]
    return { ...pool?.servers.find(({ name }) => name === nameOf(server)) }
  }
  const drained = (): number => lab.lines.filter(({ msg }) => msg === 'server is drained').length
  return { ...lab, port, post, serverStatus, drained, nameOf }
}

t.test('a long poll and a signed-in client', async (t) => {
  const { lab, connect, post, serverStatus, line, drained, nameOf } = await start(t)
  const [fe01, fe02] = lab.pool
  t.equal((await post(fe02, 'drain')).status, 200, 'so that all go to the other one')
  await line(({ msg }) => msg === 'server is drained')
  t.equal((await post(fe02, 'undrain')).status, 200)
  t.match(await serverStatus(fe02), { draining: 'no', empty: false })
  t.equal((await post(fe02, 'drain')).status, 200)

  const signedIn = await connect('https')
  const echo = (authorization: string) =>
    signedIn.request('GET /lab/echo-ntlm', [HOST, `Authorization: ${authorization}`])
  t.equal((await signIn(echo, credentialsOf(lab, 'alice'))).status, 200)
  const waiting = await connect('https')
  waiting.send(`GET /ucwa/v1/applications/one/events?ack=1&timeout=900 HTTP/1.1\r\n${HOST}\r\n\r\n`)
  while ((await serverStatus(fe01))['inFlight'] !== 1) await Promise.resolve()

  t.equal((await post(fe02, 'undrain')).status, 200)
  const body = (await post(fe01, 'drain')).json
  t.match(body, {
    taking: 1,
    server: { draining: 'by-command', empty: false, inFlight: 1, pinned: 1 },
  })

  lab.pushEvent('one', { message: 'hello' })
  t.equal((await waiting.read()).status, 200, 'the poll was not cut')
  while ((await serverStatus(fe01))['inFlight'] !== 0) await Promise.resolve()
  t.match(await serverStatus(fe01), { empty: false, pinned: 1 }, 'alice is still there')
  const again = await signedIn.request('GET /lab/echo-ntlm', [HOST])
  t.equal(again.header('x-lab-user'), 'CONTOSO\\alice', 'and goes on')

  const before = drained()
  signedIn.close()
  const said = await line(
    ({ msg, server }) => msg === 'server is drained' && server === nameOf(fe01),
  )
  t.match(said, { level: 30, pool: 'pool01' })
  t.match(await serverStatus(fe01), { draining: 'by-command', empty: true, inFlight: 0, pinned: 0 })
  t.equal(drained(), before + 1)
})

t.test('drains hold, and say who they are', async (t) => {
  const { lab, port, post, lines } = await start(t)
  const [fe01, fe02] = lab.pool
  t.match((await post(fe01, 'drain')).json, { taking: 1 })
  t.match((await post(fe02, 'drain')).json, { taking: 0 }, 'nobody is left for new clients')
  const token = bearer(madeToken(t, port))
  const at = async (path: string) => (await askAdmin(port, `POST ${path}`, [token])).json
  t.match(await at('/api/pools/pool02/servers/x/drain'), {
    error: { code: 'unknown-pool', hint: /pool01/ },
  })
  t.match(await at('/api/pools/pool01/servers/x/drain'), { error: { code: 'unknown-server' } })
  const address = encodeURIComponent(fe01.address)
  const byAddress = await at(`/api/pools/pool01/servers/${address}/undrain`)
  if (fe01.address === fe02.address) t.match(byAddress, { error: { code: 'ambiguous-server' } })
  else t.match(byAddress, { server: { draining: 'no' } })
  t.equal(lines.filter(({ msg }) => msg === 'drained by command').length, 2)
})
