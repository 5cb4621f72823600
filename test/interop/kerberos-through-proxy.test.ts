/**
 * Kerberos of a real back end through the proxy. The dangerous case is the first request with a
 * ticket on a fresh connection: no 401 announces the sign-in (haproxy #2985, Traefik #13902).
 */

import t from 'tap'
import { requireApache, startApache, usersByConnection } from '../support/real-apache.ts'
import { openConnection } from '../support/real-connection.ts'
import {
  anonymous,
  cameOverOneConnection,
  curl,
  kerberosIdentity,
  publishedUrl,
} from '../support/real-curl.ts'
import { kerberosUsers, requireKdc, startKdc } from '../support/real-kdc.ts'
import { captureTicket } from '../support/real-kerberos-ticket.ts'
import { publishApache, startProxy } from '../support/real-proxy.ts'

const rounds = 10

t.test('Kerberos through the proxy', async (t) => {
  if (!requireApache(t) || !requireKdc(t)) return
  const kdc = await startKdc(t)
  const apache = await startApache(t, { kdc })
  const proxy = await startProxy(t, publishApache(apache))
  const alice = await kdc.signIn('alice')
  const bob = await kdc.signIn('bob')

  for (const scheme of ['http', 'https'] as const) {
    for (const location of ['/kerberos', '/kerberos-bound']) {
      const url = publishedUrl(proxy, scheme, `${location}/whoami.shtml`)
      const line = `GET ${location}/whoami.shtml`

      t.test(`two users and a stranger at the same time, ${scheme} ${location}`, async (t) => {
        const urls = [url, url, url]
        for (let round = 1; round <= rounds; round += 1) {
          const [hers, his, nobodys] = await Promise.all([
            curl(proxy, kerberosIdentity(alice), urls),
            curl(proxy, kerberosIdentity(bob), urls),
            curl(proxy, anonymous, urls),
          ])
          const seen = (answers: typeof hers) => answers.map(({ status, user }) => [status, user])
          const names = kerberosUsers
          t.strictSame(seen(hers), Array(3).fill([200, names.alice]), `alice, round ${round}`)
          t.strictSame(seen(his), Array(3).fill([200, names.bob]), `bob, round ${round}`)
          t.strictSame(seen(nobodys), Array(3).fill([401, 'none']), `stranger, round ${round}`)
          t.strictSame(
            hers.map(({ opened }) => opened),
            [1, 0, 0],
            'client side kept',
          )
          t.ok(cameOverOneConnection(hers), 'back end kept')
        }
      })

      for (const end of ['stays', 'ends', 'resets'] as const) {
        t.test(`one leg, then strangers; the user ${end}, ${scheme} ${location}`, async (t) => {
          for (let round = 1; round <= rounds; round += 1) {
            const hers = await openConnection(t, proxy, scheme)
            const credentials = [`Authorization: Negotiate ${await captureTicket(alice)}`]
            const first = await hers.request(line, credentials)
            t.match(first, { status: 200, body: `user=${kerberosUsers.alice} ` })
            if (end === 'ends') hers.end()
            if (end === 'resets') hers.reset()
            const strangers = await Promise.all(
              [1, 2, 3].map(() => openConnection(t, proxy, scheme)),
            )
            for (const stranger of strangers) {
              t.match(await stranger.request(line), { status: 401, body: 'user=none' })
            }
            if (end !== 'stays') continue
            const second = await hers.request(line)
            if (location === '/kerberos') t.equal(second.status, 401, 'not bound: asked again')
            else t.equal(second.body, first.body, 'bound: same user, same connection')
            hers.end()
          }
        })
      }

      t.test(
        `a ticket after a refusal on the same connection, ${scheme} ${location}`,
        async (t) => {
          const his = await openConnection(t, proxy, scheme)
          t.equal((await his.request(line)).status, 401)
          const credentials = [`Authorization: Negotiate ${await captureTicket(bob)}`]
          t.match(await his.request(line, credentials), { body: `user=${kerberosUsers.bob} ` })
        },
      )
    }
  }

  t.test('a ticket of the largest size (48,000 bytes) reaches the back end', async (t) => {
    const connection = await openConnection(t, proxy, 'https')
    const token = Buffer.alloc(48_000, 'lyncgate').toString('base64')
    const fields = [`Authorization: Negotiate ${token}`]
    const answer = await connection.request('GET /kerberos/whoami.shtml', fields)
    t.match(answer, { status: 401, body: 'user=none' }, 'refused by the back end, not before')
  })

  t.test('no back-end connection has served two users', async (t) => {
    const connections = [...usersByConnection(await apache.accessLog()).values()]
    t.strictSame(
      connections.filter((users) => users.size > 1),
      [],
    )
    t.ok(connections.filter((users) => users.size === 1).length >= rounds)
  })
})
