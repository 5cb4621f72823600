import t from 'tap'
import { HostReader, readHost } from '../../../src/routing/host.ts'

const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

const read: readonly [raw: string, name: string, port?: number][] = [
  ['lyncweb.contoso.com', 'lyncweb.contoso.com'],
  ['LyncWeb.CONTOSO.com', 'lyncweb.contoso.com'],
  ['lyncweb.contoso.com.', 'lyncweb.contoso.com'],
  ['lyncweb.contoso.com:443', 'lyncweb.contoso.com', 443],
  ['lyncweb.contoso.com.:8443', 'lyncweb.contoso.com', 8443],
  ['lyncweb.contoso.com:', 'lyncweb.contoso.com'],
  ['lyncweb.contoso.com:00443', 'lyncweb.contoso.com', 443],
  ['localhost', 'localhost'],
  ['FE_01.contoso.local', 'fe_01.contoso.local'],
  ['192.0.2.1:80', '192.0.2.1', 80],
  ['[2001:db8::1]', '[2001:db8::1]'],
  ['[2001:0DB8:0:0::0001]:443', '[2001:db8::1]', 443],
  ['[::FFFF:192.0.2.1]', '[::ffff:c000:201]'],
  ['xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
  ['XN--MNCHEN-3YA.example', 'xn--mnchen-3ya.example'],
  [utf8('münchen.example'), 'xn--mnchen-3ya.example'],
  [utf8('MÜNCHEN.example.:443'), 'xn--mnchen-3ya.example', 443],
]

for (const [raw, name, port] of read) {
  t.test(`${raw} is ${name}`, async (t) => {
    t.same(readHost(raw), { name, port })
  })
}

const refused = [
  ...[
    '',
    ' ',
    '.',
    '..',
    'a..b',
    '.a',
    'a..',
    'a b',
    'a,b',
    'a/b',
    'a?b',
    'a#b',
    'a@b',
    'a\\b',
    'a%62',
  ],
  ...['a:b', 'a:1:2', 'a:65536', 'a:-1', 'a:+1', 'a: 1', 'a:123456', ':80', '-a.b', '*.a', 'a*'],
  ...[
    '[::1',
    '::1',
    '[]',
    '[a]',
    '[::1]a',
    '[::1]:a',
    '[::1%25eth0]',
    '[::1%eth0]',
    '[1.2.3.4]',
    '[::1].',
  ],
  ...[
    '\xff.a',
    utf8('ü%2ea'),
    utf8('ü..a'),
    utf8('１２７.0.0.1'),
    utf8('a／b'),
    utf8('a：80'),
    'a\0',
    'a\t',
  ],
  ...['a'.repeat(64), 'a.'.repeat(128), `${'a.'.repeat(126)}aa`, 'a'.repeat(600)],
]

for (const raw of refused) {
  t.test(`${JSON.stringify(raw.slice(0, 40))} is no host`, async (t) => {
    t.equal(readHost(raw), undefined)
  })
}

t.test('a reader says of each host in turn what reading it says', async (t) => {
  const reader = new HostReader()
  const raws = ['', 'a.b', 'a.b', 'A.B', 'a..b', 'a..b', 'a.b', 'a.b:443', '[::1]', '']
  for (const raw of raws) t.same(reader.read(raw), readHost(raw), JSON.stringify(raw))
})
