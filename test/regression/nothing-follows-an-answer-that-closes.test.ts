/**
 * Found by the fuzzer: bytes that are no request, behind a request whose answer was still to come, made that answer say
 * `Connection: close`, and the refusal followed it all the same (RFC 9112 9.6).
 */
import t from 'tap'
import { runFrontCase } from '../fuzz/front-cases.ts'

const HOST = 'Host: lyncweb.contoso.com\r\n'
const GOOD = `GET / HTTP/1.1\r\n${HOST}\r\n`

const behind = {
  'two lengths': `GET / HTTP/1.1\r\n${HOST}Content-Length: chunked\r\nContent-Length: 0\r\n\r\n`,
  noise: '\0',
  'a broken request line': 'GET\r\n\r\n',
}

for (const [what, bytes] of Object.entries(behind)) {
  t.test(what, async (t) => {
    const stream = { pieces: [GOOD + bytes], answers: [], isPlain: false }
    t.equal(await runFrontCase(stream), undefined)
    const wish = GOOD.replace(HOST, `${HOST}Connection: close\r\n`)
    t.equal(await runFrontCase({ ...stream, pieces: [wish + bytes] }), undefined)
  })
}
