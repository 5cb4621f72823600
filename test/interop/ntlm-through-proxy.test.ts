/** NTLM of a real back end through the proxy: everybody is who they are, and nobody else. */

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import {
  largeBytes,
  requireApache,
  startApache,
  usersByConnection,
} from '../support/real-apache.ts'
import { fieldValues, openConnection } from '../support/real-connection.ts'
import {
  anonymous,
  cameOverOneConnection,
  curl,
  curlCommand,
  ntlmIdentity,
  publishedUrl,
} from '../support/real-curl.ts'
import { alice, bob, ntlmName } from '../support/real-ntlm-client.ts'
import { ntlmChallenge, ntlmProof, ntlmSignIn, whoami } from '../support/real-ntlm-sign-in.ts'
import { runProgram } from '../support/real-process.ts'
import { publishApache, startProxy } from '../support/real-proxy.ts'

const rounds = 20

t.test('NTLM through the proxy', async (t) => {
  if (!requireApache(t)) return
  const apache = await startApache(t)
  const proxy = await startProxy(t, publishApache(apache))
  const asAlice = await ntlmIdentity(t, alice)
  const asBob = await ntlmIdentity(t, bob)

  for (const scheme of ['http', 'https'] as const) {
    const whoamiUrl = publishedUrl(proxy, scheme, '/ntlm/whoami.shtml')

    t.test(`two users and a stranger at the same time, ${scheme}`, async (t) => {
      const urls = Array<string>(4).fill(whoamiUrl)
      for (let round = 1; round <= rounds; round += 1) {
        const [hers, his, nobodys] = await Promise.all([
          curl(proxy, asAlice, urls),
          curl(proxy, asBob, urls),
          curl(proxy, anonymous, urls),
        ])
        const seen = (answers: typeof hers) => answers.map(({ status, user }) => [status, user])
        t.strictSame(seen(hers), Array(4).fill([200, ntlmName(alice)]), `alice, round ${round}`)
        t.strictSame(seen(his), Array(4).fill([200, ntlmName(bob)]), `bob, round ${round}`)
        t.strictSame(seen(nobodys), Array(4).fill([401, 'none']), `stranger, round ${round}`)
        for (const answers of [hers, his]) {
          t.strictSame(
            answers.map(({ opened }) => opened),
            [1, 0, 0, 0],
            'client side kept',
          )
          t.ok(cameOverOneConnection(answers), 'back end kept')
        }
      }
    })

    t.test(`a proof is worth nothing on another connection, ${scheme}`, async (t) => {
      const hers = await openConnection(t, proxy, scheme)
      const other = await openConnection(t, proxy, scheme)
      const challenge = await ntlmChallenge(hers)
      await ntlmChallenge(other)
      t.equal((await ntlmProof(other, challenge, alice)).status, 401)
      t.match(await ntlmProof(hers, challenge, alice), { body: `user=${ntlmName(alice)} ` })
      t.equal((await other.request(whoami)).status, 401)
    })

    t.test(`an open, signed-in connection serves no stranger, ${scheme}`, async (t) => {
      const hers = await openConnection(t, proxy, scheme)
      const signedIn = await ntlmSignIn(hers, alice)
      for (let round = 1; round <= rounds; round += 1) {
        const stranger = await openConnection(t, proxy, scheme)
        t.match(await stranger.request(whoami), { status: 401, body: 'user=none' })
        stranger.end()
      }
      t.equal((await hers.request(whoami)).body, signedIn.body, 'same user, same connection')
    })

    t.test(`offers, conditional answers and large files arrive as sent, ${scheme}`, async (t) => {
      const hers = await openConnection(t, proxy, scheme)
      const offers = fieldValues(await hers.request(whoami), 'www-authenticate')
      t.strictSame(offers, ['Negotiate', 'NTLM'], 'two fields, not one list')
      t.equal((await ntlmSignIn(hers, alice)).status, 200)
      const packed = await hers.request('GET /ntlm/text.txt', ['Accept-Encoding: gzip'])
      t.strictSame(fieldValues(packed, 'content-encoding'), ['gzip'])
      const [etag = ''] = fieldValues(packed, 'etag')
      const fields = ['Accept-Encoding: gzip', `If-None-Match: ${etag}`]
      t.equal((await hers.request('GET /ntlm/text.txt', fields)).status, 304)
      const url = publishedUrl(proxy, scheme, '/ntlm/large.bin')
      const toSize = ['--write-out', '%{size_download}', '--output', '/dev/null']
      const { stdout } = await runProgram(curlCommand(proxy, asAlice, [[...toSize, url]]))
      t.equal(stdout, String(largeBytes))
    })

    t.test(`a body of 1 MiB, ${scheme}`, async (t) => {
      const body = 'abcdefgh'.repeat(128 * 1024)
      const file = join(t.testdir({}), 'body')
      await writeFile(file, body)
      const digest = createHash('sha256').update(body).digest('hex')
      const whole = { status: 200, user: ntlmName(bob), body: `sha256=${digest}` }
      const url = publishedUrl(proxy, scheme, '/ntlm/sink.cgi')
      const upload = ['--data-binary', `@${file}`, url]

      t.match(await curl(proxy, asBob, ['--header', 'Expect:', ...upload]), [whole], 'all legs')
      const expect = ['--header', 'Expect: 100-continue', ...upload]
      t.match(await curl(proxy, asBob, [whoamiUrl], expect), [{ status: 200, opened: 1 }, whole])

      const his = await openConnection(t, proxy, scheme)
      await ntlmSignIn(his, bob)
      const head = ['Expect: 100-continue', `Content-Length: ${body.length}`]
      t.equal((await his.request('POST /ntlm/sink.cgi', head)).status, 100, 'go ahead')
      his.write(body)
      t.match(await his.read(), { status: 200, body: `sha256=${digest}` })
      t.match(await his.request(whoami), { status: 200, body: `user=${ntlmName(bob)} ` })
    })
  }

  t.test('no back-end connection has served two users', async (t) => {
    const connections = [...usersByConnection(await apache.accessLog()).values()]
    t.strictSame(
      connections.filter((users) => users.size > 1),
      [],
    )
    t.ok(connections.filter((users) => users.size === 1).length >= 4 * rounds)
  })
})
