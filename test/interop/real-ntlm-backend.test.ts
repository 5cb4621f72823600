/**
 * The Apache fixture itself, without a proxy: NTLM that is bound to its connection.
 *
 * What was learnt about the parts, since the tests through the proxy rest on it:
 * - gss-ntlmssp reads NTLM_USER_FILE on both sides: the server looks users up in it, the client
 *   takes its first line. curl needs `--negotiate --user :`; it sends the first leg unasked.
 * - curl wraps NTLM into SPNEGO. Its own `--ntlm` does not work with gss-ntlmssp 1.2, which refuses a
 *   first message without the version field; `real-ntlm-client.ts` sends one that has it.
 * - Apache offers `Negotiate` and `NTLM` in two fields, and serves the requests that follow a sign-in
 *   on the same connection without any Authorization, as IIS does.
 * - It answers an `Expect: 100-continue` that it refuses with 401 and `Connection: close`, on which
 *   curl starts over for ever; sign in with a GET before such a POST.
 */

import t from 'tap'
import { requireApache, startApache } from '../support/real-apache.ts'
import { fieldValues, openConnection } from '../support/real-connection.ts'
import {
  anonymous,
  cameOverOneConnection,
  curl,
  ntlmIdentity,
  publishedUrl,
} from '../support/real-curl.ts'
import { alice, bob, ntlmName } from '../support/real-ntlm-client.ts'
import { ntlmSignIn } from '../support/real-ntlm-sign-in.ts'

t.test('NTLM against the bare back end', async (t) => {
  if (!requireApache(t)) return
  const apache = await startApache(t)

  for (const scheme of ['http', 'https'] as const) {
    const whoami = publishedUrl(apache, scheme, '/ntlm/whoami.shtml')

    for (const user of [alice, bob]) {
      t.test(`${user.name} sees the own name, ${scheme}`, async (t) => {
        const answers = await curl(apache, await ntlmIdentity(t, user), [whoami, whoami, whoami])
        t.strictSame(
          answers.map(({ status }) => status),
          [200, 200, 200],
        )
        t.strictSame(
          answers.map((answer) => answer.user),
          Array(3).fill(ntlmName(user)),
        )
        t.strictSame(
          answers.map(({ opened }) => opened),
          [1, 0, 0],
          'one kept connection',
        )
        t.ok(cameOverOneConnection(answers))
      })
    }

    t.test(`no credentials and a wrong password, ${scheme}`, async (t) => {
      const stranger = await ntlmIdentity(t, { ...bob, password: 'wrong' })
      t.match(await curl(apache, anonymous, [whoami]), [{ status: 401, user: 'none' }])
      t.match(await curl(apache, stranger, [whoami]), [{ status: 401, user: 'none' }])
    })

    t.test(`the three legs by hand under the name NTLM, ${scheme}`, async (t) => {
      const connection = await openConnection(t, apache, scheme)
      const refused = await connection.request('GET /ntlm/whoami.shtml')
      t.equal(refused.status, 401)
      t.strictSame(fieldValues(refused, 'www-authenticate'), ['Negotiate', 'NTLM'])
      const answer = await ntlmSignIn(connection, alice)
      t.match(answer, { status: 200, body: `user=${ntlmName(alice)} ` })
      const next = await connection.request('GET /ntlm/whoami.shtml')
      t.equal(next.body, answer.body, 'no credentials are needed any more on this connection')
    })
  }

  t.test('bodies arrive whole', async (t) => {
    const url = publishedUrl(apache, 'http', '/ntlm/sink.cgi')
    const [answer] = await curl(apache, await ntlmIdentity(t, bob), ['--data-raw', 'lync', url])
    t.match(answer, { status: 200, user: ntlmName(bob), body: /sha256=e9ffd093ec798339/ })
  })

  t.test('the log tells connections and users', async (t) => {
    const entries = await apache.accessLog()
    t.ok(entries.some(({ user, path }) => user === ntlmName(alice) && path.startsWith('/ntlm/')))
    t.notMatch(await apache.errorLog(), /Segmentation fault/)
  })
})
