/** Promise 4: only timeouts.response ends a pending GET; everything else here is shorter than the wait. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { HOST, startLabProxy } from '../support/lab-proxy.ts'

t.test('a pending GET of UCWA, over TLS', async (t) => {
  const { lab, connect } = await startLabProxy(t, {
    top: 'timeouts: { connect: 1s, handshake: 1s, requestHead: 1s, requestBody: 1s, keepAlive: 1s, tunnel: 1s, response: 1h }',
  })
  const client = await connect('https')
  client.send(`GET /ucwa/v1/applications/one/events?ack=1&timeout=900 HTTP/1.1\r\n${HOST}\r\n\r\n`)
  await sleep(4_000) // four times every other time-out: the time itself is what is tested
  t.ok(lab.isWaiting('one'))
  lab.pushEvent('one', { message: 'hello' })
  const answer = await client.read()
  t.equal(answer.status, 200)
  t.match(answer.body.toString(), 'hello')
})
