/** Whoever is blocked gets what a wrong password gets, byte for byte, and the pool gets nothing. */
import t, { type Test } from 'tap'
import type { RawClient, RawResponse } from '../../src/lab/raw-client.ts'
import {
  comparable,
  openGuesser,
  PAGE,
  tryNtlm,
  tryOauth,
  trySoap,
  wrongFor,
} from '../support/guesser.ts'
import { credentialsOf, HOST, type LabProxy, startLabProxy } from '../support/lab-proxy.ts'

const top = `signInGuard:
  perUser: { failures: 3 }
  inspect: { webTicket: true, ucwa: true }
`

const target = ({ httpsPort, ca }: LabProxy) => ({
  port: httpsPort,
  tls: { ca, serverName: 'lyncweb.contoso.com' },
})

const ways: Readonly<
  Record<string, (client: RawClient, password: string) => Promise<RawResponse>>
> = {
  NTLM: (client, password) => tryNtlm(client, { ...wrongFor('alice'), password }),
  Negotiate: (client, password) => tryNtlm(client, { ...wrongFor('alice'), password }, 'Negotiate'),
  'a UsernameToken': (client, password) => trySoap(client, 'alice@contoso.com', password),
  'a UsernameToken after 100 Continue': async (client, password) => {
    const answer = await trySoap(client, 'alice@contoso.com', password, ['Expect: 100-continue'])
    return answer.status === 100 ? client.read('POST') : answer
  },
  'the password grant': (client, password) => tryOauth(client, 'CONTOSO\\alice', password),
}

for (const [name, way] of Object.entries(ways)) {
  t.test(name, async (t) => {
    const proxy = await startLabProxy(t, { top })
    const { accounts } = proxy.lab
    const { password } = credentialsOf(proxy.lab, 'alice')
    const answers: RawResponse[] = []
    for (const each of ['one', 'two', 'three']) {
      const client = await openGuesser(t, target(proxy))
      answers.push(await way(client, each))
    }
    t.equal(accounts.mostBadPasswords('alice'), 3)

    const client = await openGuesser(t, target(proxy))
    const blocked = await way(client, 'four')
    t.same(comparable(blocked), comparable(answers.at(-1) as RawResponse))
    t.equal(accounts.mostBadPasswords('alice'), 3, 'the domain has not heard of it')

    const right = await way(client, password)
    t.same(comparable(right), comparable(blocked), 'the right password too, on the same connection')
    t.equal((await client.request('GET /lab/ok', [HOST])).status, 404, 'which goes on')
    const line = await proxy.line(({ outcome }) => outcome === 'client-user-blocked')
    t.match(line, { status: blocked.status, rule: 'Web services' })
    t.match(await proxy.line(({ msg }) => msg === 'user blocked'), { user: 'alice', failures: 3 })
  })
}

t.test('an upgrade is no way around', async (t) => {
  const proxy = await startLabProxy(t, { top })
  const upgrade = async (): Promise<number> => {
    const client = await openGuesser(t, target(proxy))
    const fields = [HOST, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    const basic = `Authorization: Basic ${Buffer.from('alice:x').toString('base64')}`
    return (await client.request('GET /abs/handler', [...fields, key, basic])).status
  }
  for (let n = 0; n < 3; n++) t.equal(await upgrade(), 401)
  t.equal(await upgrade(), 401)
  await proxy.line(({ outcome }) => outcome === 'client-user-blocked')
})

t.test('another user, and requests without credentials, are not touched', async (t) => {
  const proxy = await startLabProxy(t, { top })
  for (let n = 0; n < 4; n++) await tryNtlm(await openGuesser(t, target(proxy)), wrongFor('alice'))
  const bob = await openGuesser(t, target(proxy))
  t.equal((await tryNtlm(bob, credentialsOf(proxy.lab, 'bob'))).status, 200)
  t.equal((await bob.request(PAGE, [HOST])).status, 200)
  const nobody = await openGuesser(t, target(proxy))
  t.equal((await nobody.request(PAGE, [HOST])).status, 401)
})

t.test('off and observe refuse nobody', async (t: Test) => {
  for (const mode of ['off', 'observe']) {
    const proxy = await startLabProxy(t, {
      top: `signInGuard: { mode: ${mode}, perUser: { failures: 1 } }`,
    })
    for (let n = 0; n < 4; n++)
      await tryNtlm(await openGuesser(t, target(proxy)), wrongFor('alice'))
    t.equal(proxy.lab.accounts.mostBadPasswords('alice'), 4, mode)
    const said = proxy.lines.some(({ msg }) => msg === 'user blocked')
    t.equal(said, mode === 'observe')
  }
})
