/** NTLM and Negotiate through the proxy against servers that bind the sign-in to the connection, as IIS does. */
import t from 'tap'
import type { RawClient, RawResponse } from '../../src/lab/raw-client.ts'
import { signIn } from '../../src/ntlm/ntlm-client.ts'
import { credentialsOf, HOST, startLabProxy } from '../support/lab-proxy.ts'

const echo =
  (client: RawClient, line: string, body = '') =>
  (authorization: string) =>
    client.request(line, [HOST, `Authorization: ${authorization}`], body)

const userOf = (answer: RawResponse): string | undefined => answer.header('x-lab-user')

for (const over of ['http', 'https'] as const) {
  t.test(`alice and bob, interleaved, over ${over}`, async (t) => {
    const { lab, connect } = await startLabProxy(t)
    const [alice, bob] = [credentialsOf(lab, 'alice'), credentialsOf(lab, 'bob')]
    const [a, b] = [await connect(over), await connect(over)]
    const [signedA, signedB] = await Promise.all([
      signIn(echo(a, 'GET /lab/echo-ntlm'), alice, 'NTLM'),
      signIn(echo(b, 'GET /lab/echo-ntlm'), bob, 'Negotiate'),
    ])
    t.same([signedA.status, signedB.status], [200, 200])
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all([
        a.request('GET /lab/echo-ntlm', [HOST]),
        b.request('GET /lab/echo-ntlm', [HOST]),
      ])
      t.same(answers.map(userOf), ['CONTOSO\\alice', 'CONTOSO\\bob'])
    }
    const stranger = await connect(over)
    const refused = await stranger.request('GET /lab/echo-ntlm', [HOST])
    t.equal(refused.status, 401, 'a third connection is nobody')
    t.same(refused.all('www-authenticate'), ['Negotiate', 'NTLM'], 'each offer in its own line')
  })
}

t.test('whoever comes after alice is not alice', async (t) => {
  const { lab, connect } = await startLabProxy(t)
  const alice = credentialsOf(lab, 'alice')
  for (let round = 0; round < 20; round++) {
    const client = await connect('http')
    t.equal(
      (await client.request('GET /lab/echo-ntlm', [HOST])).status,
      401,
      'nobody is signed in at first',
    )
    t.equal(userOf(await signIn(echo(client, 'GET /lab/echo-ntlm'), alice)), 'CONTOSO\\alice')
    client.close()
  }
})

t.test('a POST whose first leg carries the whole body', async (t) => {
  const { lab, connect } = await startLabProxy(t)
  const alice = credentialsOf(lab, 'alice')
  const client = await connect('https')
  const body = 'x'.repeat(300_000)
  const answer = await signIn(echo(client, 'POST /lab/echo-ntlm', body), alice)
  t.equal(answer.status, 200)
  t.equal(userOf(answer), 'CONTOSO\\alice')
  t.match(JSON.parse(answer.body.toString()), { body: { bytes: 300_000 } })
})

t.test('the 401 comes while the body is still on its way', async (t) => {
  const { lab, connect } = await startLabProxy(t, { pool: 'affinity: none' })
  const alice = credentialsOf(lab, 'alice')
  const client = await connect('http')
  const send = async (authorization: string): Promise<RawResponse> => {
    client.send(
      `POST /lab/echo-ntlm HTTP/1.1\r\n${HOST}\r\nAuthorization: ${authorization}\r\nContent-Length: 10\r\n\r\n12345`,
    )
    if (authorization.length > 100) client.send('67890')
    const answer = await client.read('POST')
    if (answer.status === 401) client.send('67890')
    return answer
  }
  const answer = await signIn(send, alice)
  t.equal(answer.status, 200)
  t.equal(userOf(answer), 'CONTOSO\\alice', 'type 3 went out on the connection of the challenge')
  t.match(JSON.parse(answer.body.toString()), { body: { bytes: 10 } })
})
