/** docs/request-screening.md, case by case: refused and closed, or passed on in exactly one reading. */
import t from 'tap'
import { readText } from '../architecture/repository.ts'
import { startAnsweringBackend } from '../support/answering-backend.ts'
import { startTestProxy } from '../support/proxy.ts'
import { openRawClient } from '../support/raw-client.ts'
import { HOST, refuseEach } from '../support/refusals.ts'
import { screeningCases, screeningTables } from '../support/screening-cases.ts'

for (const [group, cases] of Object.entries(screeningCases)) {
  t.test(`${group}: refused, and not a byte at the server`, (t) =>
    refuseEach(
      t,
      cases.flatMap(({ what, line, rest, outcome }) =>
        typeof outcome === 'number'
          ? [{ what, bytes: `${line}${HOST}${rest}`, status: outcome }]
          : [],
      ),
    ),
  )
}

t.test('passed on: the exact bytes that arrive', async (t) => {
  const backend = await startAnsweringBackend(t)
  const { httpPort } = await startTestProxy(t, { servers: [backend] })
  let index = 0
  for (const { what, line, rest, outcome } of Object.values(screeningCases).flat()) {
    if (typeof outcome === 'number') continue
    const client = await openRawClient(t, { port: httpPort })
    client.send(`${line}${HOST}${rest}`)
    t.match(await client.until((text) => text.endsWith('ok')), /^HTTP\/1\.1 200 OK/, what)
    const { text } = await backend.connection(index++)
    t.equal(
      text,
      `${outcome}\r\n${HOST}X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: lyncweb.contoso.com\r\nConnection: keep-alive\r\n\r\n`,
      what,
    )
    client.socket.destroy()
  }
  t.ok(index > 0)
})

t.test('the page has these tables', async (t) => {
  const page = readText('docs/request-screening.md')
  for (const table of screeningTables().split('\n\n### '))
    t.ok(page.includes(table.trim()), table.slice(0, 40))
})
