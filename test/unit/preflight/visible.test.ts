import t from 'tap'
import { visible, visibleList } from '../../../src/preflight/visible.ts'

t.test('what could repaint a terminal or reorder a line is spelt out', async (t) => {
  const table: readonly (readonly [string, string])[] = [
    ['sip.contoso.com', 'sip.contoso.com'],
    ['Zertifizierungsstelle für Ärzte', 'Zertifizierungsstelle für Ärzte'],
    ['a\u001b[2Jb', 'a\\u{1b}[2Jb'],
    ['one\r\ntwo\tthree', 'one\\u{d}\\u{a}two\\u{9}three'],
    ['a\u0000b', 'a\\u{0}b'],
    ['abc\u202etxt.exe', 'abc\\u{202e}txt.exe'],
    ['\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['zero\u200bwidth', 'zero\\u{200b}width'],
    ['no\u00a0break', 'no\\u{a0}break'],
    ['\u061cx', '\\u{61c}x'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['\u05d0\u05d1', '\\u{5d0}\\u{5d1}'],
    ['x\u0489\u0489', 'x\\u{489}\\u{489}'],
    ['half \ud800', 'half \\u{d800}'],
  ]
  for (const [text, shown] of table) t.equal(visible(text), shown)
})

t.test('long texts and lists are cut', async (t) => {
  t.equal(visible('abcdef', 3), 'abc…')
  t.equal(visible('abc', 3), 'abc')
  t.ok(visible('\u0000'.repeat(10_000)).length < 450)
  t.ok(visible('\u0000'.repeat(10_000)).endsWith('…'))
  const names = Array.from({ length: 5000 }, (_, index) => `host${index}.contoso.com`)
  t.equal(visibleList(names, 2), 'host0.contoso.com, host1.contoso.com and 4998 more')
  t.ok(visibleList(names.map((name) => name.repeat(100))).length < 700)
})
