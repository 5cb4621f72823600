/** Clients and back ends that vanish in the middle: no sign-in survives its connection. */

import t, { type Test } from 'tap'
import {
  largeBytes,
  requireApache,
  startApache,
  usersByConnection,
} from '../support/real-apache.ts'
import { openConnection, type Scheme, type Target } from '../support/real-connection.ts'
import {
  anonymous,
  curl,
  curlCommand,
  ntlmIdentity,
  parseAnswers,
  publishedUrl,
} from '../support/real-curl.ts'
import { alice, bob, ntlmName } from '../support/real-ntlm-client.ts'
import { ntlmChallenge, ntlmSignIn, whoami } from '../support/real-ntlm-sign-in.ts'
import { startProgram, waitUntil } from '../support/real-process.ts'
import { publishApache, startProxy } from '../support/real-proxy.ts'

t.test('interrupted NTLM through the proxy', async (t) => {
  if (!requireApache(t)) return
  const apache = await startApache(t)
  const proxy = await startProxy(t, publishApache(apache))
  const asAlice = await ntlmIdentity(t, alice)

  for (const scheme of ['http', 'https'] as const) {
    const largeUrl = publishedUrl(proxy, scheme, '/ntlm/large.bin')
    const slowly = curlCommand(proxy, asAlice, [['--limit-rate', '8M', largeUrl]])
    const isAborted = async () =>
      (await apache.accessLog()).filter(({ path, isAborted }) => isAborted && /large/.test(path))

    t.test(`a client is killed in the middle of an answer, ${scheme}`, async (t) => {
      const before = (await isAborted()).length
      const client = startProgram(slowly)
      await waitUntil('some of the file has come', () => client.stdout().length > 100_000)
      await client.stop('SIGKILL')
      await expectOnlyStrangers(t, proxy, scheme)
      await waitUntil('the back end knows', async () => (await isAborted()).length > before)
      t.match((await isAborted()).at(-1), { user: ntlmName(alice), status: 200 })
    })

    t.test(`a client resets its connection, ${scheme}`, async (t) => {
      const afterChallenge = await openConnection(t, proxy, scheme)
      await ntlmChallenge(afterChallenge)
      afterChallenge.reset()
      await expectOnlyStrangers(t, proxy, scheme)
      const afterSignIn = await openConnection(t, proxy, scheme)
      t.equal((await ntlmSignIn(afterSignIn, alice)).status, 200)
      afterSignIn.reset()
      await expectOnlyStrangers(t, proxy, scheme)
    })

    t.test(`a client leaves in the middle of its body, ${scheme}`, async (t) => {
      const connection = await openConnection(t, proxy, scheme)
      await ntlmSignIn(connection, alice)
      connection.write(`POST /ntlm/sink.cgi HTTP/1.1\r\nHost: lyncweb.contoso.com\r\n`)
      connection.write('Content-Length: 100000\r\n\r\nnot much')
      connection.reset()
      await expectOnlyStrangers(t, proxy, scheme)
    })

    t.test(`the back end refuses a body unseen and closes, ${scheme}`, async (t) => {
      const connection = await openConnection(t, proxy, scheme)
      const fields = ['Expect: 100-continue', 'Content-Length: 1000000']
      t.equal((await connection.request('POST /ntlm/sink.cgi', fields)).status, 401)
      await waitUntil('the client is told by a close', connection.hasEnded)
    })

    t.test(`the back end restarts, ${scheme}`, async (t) => {
      const signedIn = await openConnection(t, proxy, scheme)
      t.equal((await ntlmSignIn(signedIn, alice)).status, 200)
      const challenged = await openConnection(t, proxy, scheme)
      await ntlmChallenge(challenged)
      const loading = startProgram(slowly)
      await waitUntil('some of the file has come', () => loading.stdout().length > 100_000)

      await apache.stop()
      await waitUntil('the signed-in connection is gone', signedIn.hasEnded)
      await waitUntil('the challenged connection is gone', challenged.hasEnded)
      const { code, stdout } = await loading.ended
      t.not(code, 0, 'the broken answer does not look complete')
      t.ok(stdout.length < largeBytes)
      t.match(parseAnswers(stdout), [{ status: 200 }])
      const [down] = await curl(proxy, asAlice, [publishedUrl(proxy, scheme, '/ntlm/whoami.shtml')])
      t.equal(down?.status, 503, 'while it is away')

      await apache.start()
      await expectOnlyStrangers(t, proxy, scheme)
      const again = await openConnection(t, proxy, scheme)
      t.match(await ntlmSignIn(again, alice), { status: 200, body: `user=${ntlmName(alice)} ` })
    })
  }

  t.test('no back-end connection has served two users', async (t) => {
    const connections = [...usersByConnection(await apache.accessLog()).values()]
    t.strictSame(
      connections.filter((users) => users.size > 1),
      [],
    )
  })

  t.test('the log is orderly and keeps secrets', async (t) => {
    const logs = proxy.logs()
    t.ok(logs.length > 10)
    t.notMatch(
      JSON.stringify(logs),
      /unreadable|\bfault\b|TlRMTVNTUAA/,
      'TlRM… begins every NTLM token',
    )
  })
})

/** Strangers are refused, and another user is that user: by curl, and on connections kept open. */
async function expectOnlyStrangers(t: Test, proxy: Target, scheme: Scheme): Promise<void> {
  const url = publishedUrl(proxy, scheme, '/ntlm/whoami.shtml')
  const refused = { status: 401, user: 'none' }
  t.match(await curl(proxy, anonymous, [url, url, url]), [refused, refused, refused])
  const connections = await Promise.all([1, 2, 3].map(() => openConnection(t, proxy, scheme)))
  for (const connection of connections) {
    t.match(await connection.request(whoami), { status: 401, body: 'user=none' })
  }
  const own = { status: 200, user: ntlmName(bob) }
  t.match(await curl(proxy, await ntlmIdentity(t, bob), [url, url]), [own, own])
}
