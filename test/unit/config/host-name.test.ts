import t from 'tap'
import { expandHost } from '../../../src/config/expand-host.ts'
import {
  parseDomain,
  parsePublishedHost,
  parseServerAddress,
} from '../../../src/config/host-name.ts'
import { fc } from '../../support/property.ts'

t.test('published hosts get one spelling', async (t) => {
  const written = {
    'Meet.Contoso.COM.': 'meet.contoso.com',
    'bücher.example': 'xn--bcher-kva.example',
    'BÜCHER.example': 'xn--bcher-kva.example',
    '*.contoso.com': '*.contoso.com',
    '*.bücher.example': '*.xn--bcher-kva.example',
    '[2001:DB8:0::1]': '[2001:db8::1]',
    '192.0.2.1': '192.0.2.1',
    localhost: 'localhost',
    'a_b.contoso.com': 'a_b.contoso.com',
  }
  for (const [text, value] of Object.entries(written)) {
    t.same(parsePublishedHost(text), { ok: true, value }, text)
  }
})

t.test('what is no host is refused with what to write instead', async (t) => {
  const hints = {
    'meet.contoso.com:443': /write "meet.contoso.com"/,
    '[::1]:443': /write "\[::1\]"/,
    '::1': /write "\[::1\]"/,
    'https://meet.contoso.com:443/join?x': /host alone: "meet.contoso.com"/,
    'meet.contoso.com/': /host alone: "meet.contoso.com"/,
    'meet.contoso.com\\join': /host alone: "meet.contoso.com"/,
    '*': /"\*\.contoso\.com"/,
    'a.*.contoso.com': /"\*\.contoso\.com"/,
    'meet.{SipDomain}': /only \{sipDomain\}/,
    'sip:anna@contoso.com': /name alone: "contoso.com"/,
  }
  for (const [text, hint] of Object.entries(hints)) {
    t.match(parsePublishedHost(text), { ok: false, error: { hint } }, text)
  }
  const others = [
    '',
    '.',
    '..',
    'a..b',
    'a b',
    '-a.b',
    'a-.b',
    '1.2.3',
    '0x7f.1',
    'a%2eb',
    'a{',
    '[x]',
  ]
  for (const text of [
    ...others,
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(127)}ab`,
    '*.1.2.3.4',
    '*.',
  ]) {
    t.match(parsePublishedHost(text), { ok: false }, text)
  }
})

t.test('whatever is accepted is accepted again and stays the same', async (t) => {
  const anything = fc.oneof(fc.string({ unit: 'grapheme' }), fc.domain(), fc.ipV4(), fc.webUrl())
  fc.assert(
    fc.property(anything, (text) => {
      const first = parsePublishedHost(text)
      if (!first.ok) return true
      const again = parsePublishedHost(first.value)
      return again.ok && again.value === first.value
    }),
    { numRuns: 2000 },
  )
  t.pass('for all of them')
})

t.test('servers are names or addresses without brackets', async (t) => {
  t.same(parseServerAddress('FE01.contoso.local.'), { ok: true, value: 'fe01.contoso.local' })
  t.same(parseServerAddress('2001:DB8::1'), { ok: true, value: '2001:db8::1' })
  t.same(parseServerAddress('192.0.2.1'), { ok: true, value: '192.0.2.1' })
  t.match(parseServerAddress('[::1]'), { error: { hint: 'write "::1"' } })
  t.match(parseServerAddress('fe01:444'), {
    error: { hint: 'write { address: "fe01", https: 444 }' },
  })
  t.match(parseServerAddress('*.contoso.local'), { ok: false })
})

t.test('domains are names', async (t) => {
  t.same(parseDomain('Contoso.com.'), { ok: true, value: 'contoso.com' })
  t.match(parseDomain('192.0.2.1'), { ok: false, error: { message: /not a name/ } })
  t.match(parseDomain('*.contoso.com'), { ok: false })
})

t.test('{sipDomain} is each of the SIP domains', async (t) => {
  t.same(expandHost('meet.{sipDomain}', ['a.example', 'b.example']), [
    'meet.a.example',
    'meet.b.example',
  ])
  t.same(expandHost('{sipDomain}', ['a.example']), ['a.example'])
  t.same(expandHost('Meet.Contoso.com', ['a.example', 'b.example']), ['meet.contoso.com'])
  t.same(expandHost('meet.{sipDomain}', []), [])
})
