/**
 * The KDC and Apache fixtures themselves, without a proxy.
 *
 * curl sends its ticket unasked with the first request. Where the sign-in is not bound to the
 * connection Apache says `Persistent-Auth: false`, and curl sends a new ticket with every request;
 * where it is bound, requests without credentials are served in the name of the first ticket – the
 * one-leg sign-in that a proxy must not overlook.
 */

import t from 'tap'
import { requireApache, startApache } from '../support/real-apache.ts'
import { openConnection } from '../support/real-connection.ts'
import { anonymous, curl, kerberosIdentity, publishedUrl } from '../support/real-curl.ts'
import { kerberosUsers, requireKdc, startKdc } from '../support/real-kdc.ts'
import { captureTicket } from '../support/real-kerberos-ticket.ts'

t.test('Kerberos against the bare back end', async (t) => {
  if (!requireApache(t) || !requireKdc(t)) return
  const kdc = await startKdc(t)
  const apache = await startApache(t, { kdc })
  const alice = await kdc.signIn('alice')
  const bob = await kdc.signIn('bob')

  for (const scheme of ['http', 'https'] as const) {
    for (const location of ['/kerberos', '/kerberos-bound']) {
      const whoami = publishedUrl(apache, scheme, `${location}/whoami.shtml`)

      t.test(`each sees the own name, ${scheme} ${location}`, async (t) => {
        for (const [env, name] of [
          [alice, kerberosUsers.alice],
          [bob, kerberosUsers.bob],
        ] as const) {
          const answers = await curl(apache, kerberosIdentity(env), [whoami, whoami, whoami])
          t.strictSame(
            answers.map(({ status }) => status),
            [200, 200, 200],
          )
          t.strictSame(
            answers.map(({ user }) => user),
            [name, name, name],
          )
          t.strictSame(
            answers.map(({ opened }) => opened),
            [1, 0, 0],
            'one kept connection',
          )
        }
      })

      t.test(`no ticket, ${scheme} ${location}`, async (t) => {
        t.match(await curl(apache, anonymous, [whoami]), [{ status: 401, user: 'none' }])
      })
    }
  }

  t.test('only the bound location remembers who signed in', async (t) => {
    for (const [location, statusAfter] of [
      ['/kerberos', 401],
      ['/kerberos-bound', 200],
    ] as const) {
      const connection = await openConnection(t, apache, 'http')
      const ticket = await captureTicket(alice)
      const line = `GET ${location}/whoami.shtml`
      const first = await connection.request(line, [`Authorization: Negotiate ${ticket}`])
      t.match(first, { status: 200, body: `user=${kerberosUsers.alice} ` })
      t.equal((await connection.request(line)).status, statusAfter, location)
    }
  })
})
