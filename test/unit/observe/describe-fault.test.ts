import t from 'tap'
import { describeFault } from '../../../src/observe/describe-fault.ts'
import { createLogger } from '../../../src/observe/logger.ts'

const SECRET = 'c2VjcmV0'

t.test('what hangs on an error stays out of the log', async (t) => {
  const cause = Object.assign(new TypeError('below'), { options: { password: SECRET } })
  const error = Object.assign(new Error('above', { cause }), {
    code: 'HPE_INVALID_CONSTANT',
    rawPacket: Buffer.from(`GET / HTTP/1.1\r\nAuthorization: Basic ${SECRET}`),
    headers: { authorization: SECRET },
    errors: [Object.assign(new Error('one'), { ticket: SECRET })],
  })
  const lines: string[] = []
  const { logger } = createLogger({
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  })
  logger.error({ err: error }, 'fault')
  const [line = ''] = lines
  t.match(JSON.parse(line).err, { type: 'Error', message: /^above/, code: 'HPE_INVALID_CONSTANT' })
  t.match(JSON.parse(line).err.stack, 'describe-fault.test.ts')
  t.match(line, 'below', 'the cause is named')
  t.notMatch(line, SECRET)
  t.notMatch(line, JSON.stringify([...Buffer.from(SECRET)]).slice(1, -1), 'nor its bytes')
  t.same(Object.keys(JSON.parse(line).err).sort(), ['code', 'message', 'stack', 'type'])
})

t.test('what was thrown and is no error is not written down', async (t) => {
  t.same(describeFault({ password: SECRET }).message, 'not an Error')
  t.same(describeFault(SECRET).type, 'string')
  t.same(describeFault(undefined).type, 'undefined')
})
