import t from 'tap'
import {
  durationPattern,
  formatDuration,
  longestDurationMs,
  parseDuration,
} from '../../../src/base/duration.ts'

t.test('a number and a unit are read as milliseconds', async (t) => {
  const written = { '500ms': 500, '5s': 5_000, '16m': 960_000, '1h': 3_600_000, '0s': 0, '0ms': 0 }
  for (const [text, durationMs] of Object.entries(written)) {
    t.same(parseDuration(text), { ok: true, value: durationMs }, text)
    t.match(text, durationPattern)
  }
})

t.test('anything else is refused with a sentence', async (t) => {
  const refused = ['', '5', '5 s', '-5s', '1.5s', '5S', '5d', '1h30m', 's', '5sec', '٥s', '5s\n']
  for (const text of refused) {
    t.match(parseDuration(text), { ok: false, error: /whole number with ms, s, m or h/ }, text)
    t.notMatch(text, durationPattern)
  }
})

t.test('a timer cannot wait longer than Node can count', async (t) => {
  t.same(parseDuration(`${longestDurationMs}ms`), { ok: true, value: longestDurationMs })
  t.match(parseDuration(`${longestDurationMs + 1}ms`), { ok: false, error: /596h/ })
  t.match(parseDuration('596h'), { ok: true })
  t.match(parseDuration('597h'), { ok: false })
  t.match(parseDuration('9999999999h'), { ok: false, error: /596h/ })
  t.match(parseDuration(`${'9'.repeat(400)}s`), { ok: false })
})

t.test('what was read is written in the same way', async (t) => {
  for (const text of ['0s', '1ms', '1500ms', '5s', '90s', '16m', '30m', '1h', '25h']) {
    const read = parseDuration(text)
    t.equal(read.ok && formatDuration(read.value), text)
  }
  t.equal(formatDuration(1_800_000), '30m')
})
