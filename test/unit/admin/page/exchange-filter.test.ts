/** The filter of the status page, without a browser. */
import t from 'tap'

// Plain JavaScript, which has its types in a project of its own.
const page = new URL('../../../../src/admin/page/', import.meta.url)
const { familyOf, fits } = await import(new URL('exchange-filter.js', page).href)
const { createEventParser } = await import(new URL('parse-events.js', page).href)

t.test('families of user agents', async (t) => {
  for (const [userAgent, family] of [
    ['UCCAPI/16.0.14326.20454 OC/16.0.14326.20454 (Skype for Business)', 'Desktop client'],
    ['OCPhone/4.0.7577.4545 (Microsoft Lync Phone Edition)', 'Phone'],
    ['SfBMobile/6.29 (iPhone iOS 17.2)', 'Mobile'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64)', 'Browser'],
    ['curl/8.5.0', 'Script'],
    ['<script>alert(1)</script>', 'Other'],
    ['', 'None'],
    [null, 'None'],
  ] as const)
    t.equal(familyOf(userAgent), family, String(userAgent))
})

t.test('each field narrows the list', async (t) => {
  const exchange = {
    client: '2001:db8::7',
    userAgent: 'curl/8',
    rule: 'Web',
    status: 503,
    outcome: 'backend-unreachable',
  }
  const none = { client: '', family: '', rule: '', status: '', outcome: '' }
  t.ok(fits(exchange, none))
  for (const [key, good, wrong] of [
    ['client', ' 2001:DB8:', '192.0.2.'],
    ['family', 'Script', 'Phone'],
    ['rule', 'Web', 'Meetings'],
    ['status', '5xx', '4xx'],
    ['status', '503', '504'],
    ['outcome', 'backend-unreachable', 'done'],
  ] as const) {
    t.ok(fits(exchange, { ...none, [key]: good }), `${key} ${good}`)
    t.notOk(fits(exchange, { ...none, [key]: wrong }), `${key} ${wrong}`)
  }
})

t.test('events are read wherever the text is cut', async (t) => {
  const text = ':\n\nevent: status\ndata: {"a":1}\n\r\nevent: x\r\ndata: one\r\ndata: two\r\n\r\n'
  for (const size of [1, 2, 3, 7, text.length]) {
    const events: [string, string][] = []
    const parse = createEventParser((name: string, data: string) => void events.push([name, data]))
    for (let at = 0; at < text.length; at += size) parse(text.slice(at, at + size))
    t.same(
      events,
      [
        ['status', '{"a":1}'],
        ['x', 'one\ntwo'],
      ],
      `pieces of ${size}`,
    )
  }
})
