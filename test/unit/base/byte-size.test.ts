import t from 'tap'
import { byteSizePattern, formatByteSize, parseByteSize } from '../../../src/base/byte-size.ts'

t.test('a number and a unit are read as bytes', async (t) => {
  const written = {
    '0B': 0,
    '512B': 512,
    '64KiB': 65_536,
    '1MiB': 1_048_576,
    '1GiB': 1_073_741_824,
    '2TiB': 2_199_023_255_552,
  }
  for (const [text, bytes] of Object.entries(written)) {
    t.same(parseByteSize(text), { ok: true, value: bytes }, text)
    t.equal(formatByteSize(bytes), text)
    t.match(text, byteSizePattern)
  }
})

t.test('an ambiguous unit is answered with ours', async (t) => {
  const answers = {
    '64KB': /write 64KiB; KB is ambiguous/,
    '64k': /write 64KiB; k is ambiguous/,
    '64kib': /write 64KiB/,
    '1G': /write 1GiB/,
    '1mb': /write 1MiB/,
    '5b': /write 5B/,
    '65536': /write 65536B; no unit is ambiguous/,
  }
  for (const [text, error] of Object.entries(answers)) {
    t.match(parseByteSize(text), { ok: false, error }, text)
    t.notMatch(text, byteSizePattern)
  }
})

t.test('anything else is refused with a sentence', async (t) => {
  for (const text of ['', 'KiB', '1 KiB', '-1KiB', '1.5GiB', '1XiB', '1KiB\n', '1kilobyte']) {
    t.match(parseByteSize(text), { ok: false, error: /such as 64KiB/ }, text)
  }
  t.match(parseByteSize('999999999999999TiB'), { ok: false, error: /counted exactly/ })
})
