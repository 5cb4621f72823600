import t from 'tap'
import { startLab } from '../../../src/lab/lab.ts'
import { connectRaw } from '../../../src/lab/raw-client.ts'

const lab = await startLab()
t.teardown(() => lab.close())
const [fe01, fe02] = lab.pool
const host = 'Host: lyncweb.contoso.com'
const tls = { ca: lab.authority.certificatePem, serverName: 'pool01.contoso.local' }
const connect = () => connectRaw({ port: fe01.httpsPort, tls })
const events = (app: string, query: string) =>
  `GET /ucwa/v1/applications/${app}/events?${query} HTTP/1.1\r\n${host}\r\n\r\n`
const arrival = (query: string) => fe01.waitFor((record) => record.target.includes(query))

t.test('a pending GET is held until an event comes', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  client.send(events('one', 'ack=1&medium=300'))
  await arrival('/one/events?ack=1')
  t.ok(lab.isWaiting('one'))
  lab.pushEvent('one', { message: 'hello' })
  const response = await client.read()
  t.equal(response.status, 200)
  t.match(JSON.parse(response.body.toString()), {
    _links: { next: { href: '/ucwa/v1/applications/one/events?ack=2' } },
    sender: [{ events: [{ message: 'hello' }] }],
  })
  t.notOk(lab.isWaiting('one'))
})

t.test('a batch is sent again until a higher ack confirms it, on whichever server', async (t) => {
  lab.pushEvent('two', 'first')
  const client = await connect()
  const other = await connectRaw({ port: fe02.httpsPort, tls })
  t.teardown(() => client.close())
  t.teardown(() => other.close())
  client.send(events('two', 'ack=1'))
  t.match((await client.read()).body.toString(), '"events":["first"]')
  lab.pushEvent('two', 'second')
  other.send(events('two', 'ack=1'))
  t.match((await other.read()).body.toString(), '"events":["first"]')
  client.send(events('two', 'ack=2'))
  t.match((await client.read()).body.toString(), '"events":["second"]')
})

t.test('its time over, it ends with nothing', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  client.send(events('three', 'ack=5&timeout=0.01'))
  t.match(JSON.parse((await client.read()).body.toString()), { sender: [] })
})

t.test('a second one with the same ack ends the first with PGetReplaced', async (t) => {
  const [first, second] = [await connect(), await connect()]
  t.teardown(() => first.close())
  t.teardown(() => second.close())
  first.send(events('four', 'ack=1&first'))
  await arrival('ack=1&first')
  second.send(events('four', 'ack=1&second'))
  const replaced = await first.read()
  t.equal(replaced.status, 409)
  t.match(JSON.parse(replaced.body.toString()), { code: 'Conflict', subcode: 'PGetReplaced' })
  lab.pushEvent('four', 'late')
  t.equal((await second.read()).status, 200)
})

t.test('a client that leaves is recorded, and its events wait for the next', async (t) => {
  const client = await connect()
  client.send(events('five', 'ack=1&gone'))
  await arrival('ack=1&gone')
  client.close()
  const left = await fe01.waitFor(
    (record) => record.target.includes('ack=1&gone') && record.outcome === 'client-left',
  )
  t.type(left.durationMs, 'number')
  t.notOk(lab.isWaiting('five'))
  lab.pushEvent('five', 'kept')
  const next = await connect()
  t.teardown(() => next.close())
  next.send(events('five', 'ack=1&again'))
  t.match((await next.read()).body.toString(), '"events":["kept"]')
})

t.test('an altered tag fails the precondition', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const me = '/ucwa/v1/applications/six/me'
  const etag = (await client.request(`GET ${me}`, [host])).header('ETag') ?? ''
  const altered = etag.replace(/"$/, '-gzip"')
  const refused = await client.request(`PUT ${me}`, [host, `If-Match: ${altered}`], '{}')
  t.equal(refused.status, 412)
  t.match(refused.body.toString(), '-gzip')
  const accepted = await client.request(`PUT ${me}`, [host, `If-Match: ${etag}`], '{}')
  t.equal(accepted.status, 200)
  t.not(accepted.header('ETag'), etag)
  t.equal((await client.request(`PUT ${me}`, [host, `If-Match: ${etag}`], '{}')).status, 412)
})

t.test('HEAD and OPTIONS are not supported, a bad ack and a bad token are refused', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  for (const method of ['HEAD', 'OPTIONS']) {
    const response = await client.request(`${method} /ucwa/v1/applications/seven/events?ack=1`, [
      host,
    ])
    t.equal(response.status, 405, method)
  }
  t.equal(
    (await client.request('GET /ucwa/v1/applications/seven/events?ack=x', [host])).status,
    400,
  )
  const bad = await client.request('GET /ucwa/v1/applications/seven', [
    host,
    'Authorization: Bearer x',
  ])
  t.equal(bad.status, 401)
  t.match(bad.header('WWW-Authenticate'), /^MsRtcOAuth/)
})

t.test('an application can be created', async (t) => {
  const client = await connect()
  t.teardown(() => client.close())
  const created = await client.request('POST /ucwa/v1/applications', [host], '{}')
  t.equal(created.status, 201)
  t.match(created.header('Location'), /^\/ucwa\/v1\/applications\/\w+$/)
})
