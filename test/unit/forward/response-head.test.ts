import t from 'tap'
import type { ResponseHead } from '../../../src/forward/parse-response-head.ts'
import { clientFraming, clientHead, informationText } from '../../../src/forward/response-head.ts'
import type { Server } from '../../../src/pools/server.ts'

const head = (
  status: number,
  fields: string[],
  framing: ResponseHead['framing'] = 'length',
): ResponseHead => ({
  status,
  reason: 'Reason',
  fields,
  framing,
  contentLength: -1,
  keepsAlive: true,
})

const PLAIN = {
  affinityOf: undefined,
  ownsAffinity: false,
  rewriteLocation: undefined,
  hidesServer: false,
}

t.test('the framing towards the client', async (t) => {
  t.equal(clientFraming(head(200, [], 'none'), true), 'bare')
  t.equal(clientFraming(head(200, [], 'length'), false), 'length')
  t.equal(clientFraming(head(200, [], 'chunked'), true), 'chunked')
  t.equal(clientFraming(head(200, [], 'close'), true), 'chunked')
  t.equal(clientFraming(head(200, [], 'chunked'), false), 'close')
})

t.test('fields keep order, case and repetition', async (t) => {
  const fields = ['b', '1', 'A', '2', 'B', '3', 'Set-Cookie', 'a', 'set-cookie', 'b']
  t.same(clientHead(head(200, fields), PLAIN).fields, fields)
})

t.test('hop-by-hop and nominated fields end here', async (t) => {
  const fields = ['X-A', '1', 'connection', 'x-a', 'Connection', 'x-b, content-type', 'X-B', '2']
  t.same(clientHead(head(200, [...fields, 'Content-Type', 'c', 'Keep-Alive', 'd']), PLAIN).fields, [
    'Content-Type',
    'c',
  ])
})

t.test('the affinity cookie is ours alone', async (t) => {
  const fields = ['Set-Cookie', 'MS-WSMAN=theirs; path=/', 'Set-Cookie', 'MS-WSMAN2=a', 'X', '1']
  const server = { affinityKey: 'key' } as Server
  t.same(
    clientHead(head(200, fields), { ...PLAIN, ownsAffinity: true, affinityOf: server }).fields,
    [...['Set-Cookie', 'MS-WSMAN2=a', 'X', '1'], ...['Set-Cookie', 'MS-WSMAN=key; path=/']],
  )
  t.same(clientHead(head(200, fields), PLAIN).fields, fields, 'without cookies it is theirs')
})

t.test('a 401 that offers a sign-in of the connection', async (t) => {
  const offers = (status: number, ...values: string[]): boolean =>
    clientHead(
      head(
        status,
        values.flatMap((value) => ['WWW-Authenticate', value]),
      ),
      PLAIN,
    ).offersConnectionAuth
  t.equal(offers(401, 'Basic realm="a"', 'NTLM'), true)
  t.equal(offers(401, 'MsRtcOAuth href="a"', 'Negotiate'), true)
  t.equal(offers(401, 'Basic realm="a"'), false)
  t.equal(offers(200, 'NTLM'), false)
})

t.test('diagnostics are found for the log', async (t) => {
  const { diagnostics, fields } = clientHead(head(401, ['x-ms-DIAGNOSTICS', '28032;a']), PLAIN)
  t.equal(diagnostics, '28032;a')
  t.same(fields, ['x-ms-DIAGNOSTICS', '28032;a'])
})

t.test('only Location is rewritten', async (t) => {
  const plan = { ...PLAIN, rewriteLocation: (value: string) => `<${value}>` }
  const fields = ['LOCATION', 'a', 'X-Where', 'b', 'location', 'c', 'Referrer', 'd']
  t.same(clientHead(head(302, fields), plan).fields, [
    ...['LOCATION', '<a>', 'X-Where', 'b', 'location', '<c>', 'Referrer', 'd'],
  ])
})

t.test('a 1xx head announces no body', async (t) => {
  const fields = [
    'Link',
    '</a>',
    'Content-Length',
    '5',
    'Transfer-Encoding',
    'chunked',
    'Connection',
    'x',
    'X',
    '1',
  ]
  t.equal(informationText(head(103, fields)), 'HTTP/1.1 103 Reason\r\nLink: </a>\r\n\r\n')
})

t.test('what names the server goes only where the file says so', async (t) => {
  const fields = ['SERVER', 'a', 'X-MS-Server-Fqdn', 'b', 'X-Powered-By', 'c', 'X-Server', 'd']
  t.same(clientHead(head(200, fields), PLAIN).fields, fields)
  t.same(clientHead(head(200, fields), { ...PLAIN, hidesServer: true }).fields, ['X-Server', 'd'])
})
