/**
 * Found by the fuzzer: a method that Node's parser knows and `http.METHODS` does not (PRI in a request line without a
 * version, those of RTSP) passed by the hook of fastify, which answered with a JSON text of its own.
 */
import t from 'tap'
import { HOST, refuseEach } from '../support/refusals.ts'

const methods = ['DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN', 'GET_PARAMETER', 'RECORD', 'FLUSH']

t.test('methods of RTSP', (t) =>
  refuseEach(
    t,
    methods.map((method) => ({
      what: method,
      bytes: `${method} / RTSP/1.0\r\n${HOST}\r\n`,
      status: 405,
    })),
  ),
)

t.test('PRI without a version', (t) => refuseEach(t, [{ what: 'PRI', bytes: 'PRI /0\r\n\r\n' }]))
