import t from 'tap'
import { BodyRecorder } from '../../../src/trace/body-recorder.ts'
import { redactFields, requestCookies, responseCookies } from '../../../src/trace/redact-fields.ts'
import { traceLimits } from '../../../src/trace/trace-request.ts'

const shownOf = (name: string, value: string): string | undefined =>
  redactFields([name, value])[0]?.value

const ntlm = (type: number): string =>
  Buffer.concat([
    Buffer.from('NTLMSSP\0', 'latin1'),
    Buffer.from([type, 0, 0, 0, 1, 2, 3, 4]),
  ]).toString('base64')

t.test('credentials keep scheme and NTLM message', async (t) => {
  const spnego = Buffer.concat([
    Buffer.from([0x60, 0x40, 6, 6]),
    Buffer.from(ntlm(1), 'base64'),
  ]).toString('base64')
  const cases: readonly (readonly [string, string])[] = [
    [`NTLM ${ntlm(1)}`, 'NTLM *** (NTLM message 1)'],
    [`NTLM ${ntlm(3)}`, 'NTLM *** (NTLM message 3)'],
    [`NTLM ${ntlm(9)}`, 'NTLM ***'],
    [`Negotiate ${spnego}`, 'Negotiate *** (NTLM message 1)'],
    ['Negotiate YIIZpwYGKwYBBQUCoIIZmzCCGZeg', 'Negotiate ***'],
    ['Basic YWxpY2U6Z2VoZWlt', 'Basic ***'],
    ['Bearer cwt=AAEBHAEF', 'Bearer ***'],
    ['  bearer   x', 'bearer ***'],
    ['Negotiate', 'Negotiate'],
    ['eyJhbGciOi', '***'],
    ['', '***'],
    ['x'.repeat(100_000), '***'],
  ]
  for (const [value, shown] of cases) {
    t.equal(shownOf('Authorization', value), shown, value.slice(0, 40))
    t.equal(shownOf('proxy-AUTHORIZATION', value), shown)
  }
})

t.test('offers stay, challenges go', async (t) => {
  t.equal(shownOf('WWW-Authenticate', 'NTLM'), 'NTLM')
  t.equal(
    shownOf('WWW-Authenticate', 'TLS-DSK realm="SIP Communications Service"'),
    'TLS-DSK realm="SIP Communications Service"',
  )
  t.equal(shownOf('WWW-Authenticate', `NTLM ${ntlm(2)}`), 'NTLM *** (NTLM message 2)')
  t.equal(
    shownOf('WWW-Authenticate', 'Digest realm="a", nonce="b"'),
    'Digest realm="a", nonce="***"',
  )
})

t.test('other fields', async (t) => {
  t.equal(shownOf('X-MS-WebTicket', 'opaque=abc'), '***')
  t.equal(shownOf('X_MS_WebTicket', 'opaque=abc'), '***')
  t.equal(shownOf('X-Api-Key', 'abc'), '***')
  t.equal(shownOf('Location', 'https://a.example/x?code=1&y=2'), 'https://a.example/x?code=***&y=2')
  t.equal(
    shownOf('X-Ms-diagnostics', '28020;source="FE01";reason="No valid ticket"'),
    '28020;source="FE01";reason="No valid ticket"',
  )
  t.equal(shownOf('Content-Type', 'text/html; charset=utf-8'), 'text/html; charset=utf-8')
  t.ok((shownOf('X-Long', 'x'.repeat(60_000))?.length ?? 0) < 2_100)
})

t.test('cookies', async (t) => {
  const sent = redactFields(['Cookie', 'a=1; b=2=3;; c'])
  t.equal(sent[0]?.value, 'a=***; b=***; c=***')
  t.same(
    requestCookies(sent).map(({ name }) => name),
    ['a', 'b', 'c'],
  )
  const set = redactFields([
    'Set-Cookie',
    'sid=geheim; Path=/a; Domain=x.example; HttpOnly; token=geheim',
  ])
  t.notMatch(JSON.stringify(set), 'geheim')
  t.same(responseCookies(set), [
    { name: 'sid', value: '***', path: '/a', domain: 'x.example', httpOnly: true, secure: false },
  ])
})

t.test('bodies: bounded each and together, and freed', async (t) => {
  const budget = { heldBytes: 0 }
  const one = new BodyRecorder(budget)
  for (let i = 0; i < 100; i++) one.add(Buffer.alloc(1_000, 0x61))
  t.equal(budget.heldBytes, traceLimits.bodyBytes)
  t.match(one.read(['Content-Type', 'text/plain']), { comment: 'the first 65536 bytes' })
  const others = Array.from({ length: 300 }, () => new BodyRecorder(budget))
  for (const each of others) each.add(Buffer.alloc(traceLimits.bodyBytes))
  t.equal(budget.heldBytes, traceLimits.heldBytes)
  for (const each of [one, ...others]) each.drop()
  t.equal(budget.heldBytes, 0)
})

t.test('hostile bodies are cheap', async (t) => {
  const budget = { heldBytes: 0 }
  for (const text of ['<', '<a ', '"', '"a', '"a":"', '<![CDATA[', '<a b', '\\"', '& ', 'a=']) {
    const recorder = new BodyRecorder(budget)
    recorder.add(Buffer.from(text.repeat(70_000).slice(0, 65_536)))
    const before = process.cpuUsage()
    for (const type of ['text/xml', 'application/json', 'application/x-www-form-urlencoded'])
      recorder.read(['Content-Type', type])
    const { user } = process.cpuUsage(before)
    t.ok(user < 5_000_000, `${text}: ${user} microseconds of processor time`)
    recorder.drop()
  }
})
