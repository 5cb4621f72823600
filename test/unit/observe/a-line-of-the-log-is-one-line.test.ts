/** What clients send ends up in values of the log; none of it can begin a line of its own or a key. */
import fc from 'fast-check'
import t from 'tap'
import { createLogger } from '../../../src/observe/logger.ts'

t.test('whatever stands in a value', async (t) => {
  const lines: string[] = []
  const { logger } = createLogger({
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  })
  const hostile = [
    'a\nb',
    'a\r\n{"level":50,"msg":"fault"}',
    '","status":200,"x":"',
    '\u001b[2J\u0000',
  ]
  const check = (text: string): void => {
    lines.length = 0
    logger.info({ host: text, target: text }, 'exchange')
    const [line = ''] = lines
    if (lines.length !== 1 || line.indexOf('\n') !== line.length - 1) throw new Error(line)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
    if (/[\u0000-\u0009\u000b-\u001f]/.test(line)) throw new Error(JSON.stringify(line))
    const { host, target, msg, status } = JSON.parse(line)
    // A half of a surrogate pair is no text; the log has a question mark of Unicode there.
    if (host !== target || msg !== 'exchange' || status !== undefined) throw new Error(line)
    if (Buffer.from(text).toString() === text && host !== text) throw new Error(line)
  }
  for (const text of hostile) t.doesNotThrow(() => check(text))
  fc.assert(fc.property(fc.string({ unit: 'binary' }), check))
})
