import t from 'tap'
import {
  type RequestHead,
  requestFields,
  writeRequestHead,
} from '../../../src/forward/request-head.ts'

const head = (more: Partial<RequestHead>): RequestHead => ({
  method: 'GET',
  target: '/a?b?c',
  rawFields: ['Host', 'a.example'],
  nominated: undefined,
  framing: 'none',
  keepForwarded: false,
  dropExpect: false,
  addHost: undefined,
  forwarded: { for: '192.0.2.1', proto: 'https', host: 'a.example' },
  upgrade: false,
  ...more,
})

const OURS = [
  ...['X-Forwarded-For', '192.0.2.1', 'X-Forwarded-Proto', 'https'],
  ...['X-Forwarded-Host', 'a.example'],
]
const KEEP = ['Connection', 'keep-alive']

t.test('the bytes', async (t) => {
  t.equal(
    writeRequestHead(head({ rawFields: ['hOST', 'a.example', 'X', '\xe4'] })),
    'GET /a?b?c HTTP/1.1\r\nhOST: a.example\r\nX: \xe4\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\nConnection: keep-alive\r\n\r\n',
  )
})

t.test('the framing is what was parsed', async (t) => {
  const rawFields = ['Host', 'a', 'transfer-encoding', 'gzip', 'Transfer-Encoding', 'chunked']
  t.same(requestFields(head({ rawFields, framing: 'chunked' })), [
    ...['Host', 'a'],
    ...OURS,
    ...['Transfer-Encoding', 'chunked'],
    ...KEEP,
  ])
  t.same(requestFields(head({ rawFields })), ['Host', 'a', ...OURS, ...KEEP])
})

t.test('a tunnel', async (t) => {
  const rawFields = ['Host', 'a', 'Connection', 'keep-alive, Upgrade', 'UPGRADE', 'WebSocket']
  t.same(requestFields(head({ rawFields, upgrade: true })), [
    ...['Host', 'a'],
    ...OURS,
    ...['Connection', 'Upgrade', 'Upgrade', 'websocket'],
  ])
})

t.test('Host and Expect of HTTP/1.0', async (t) => {
  const rawFields = ['EXPECT', '100-continue', 'X', '1']
  t.same(requestFields(head({ rawFields, addHost: 'b.example:81', dropExpect: true })), [
    ...['Host', 'b.example:81', 'X', '1'],
    ...OURS,
    ...KEEP,
  ])
})

t.test('what a trusted proxy said besides the three stays', async (t) => {
  const rawFields = [
    'X-Forwarded-For',
    'x',
    'X-Forwarded-Port',
    '443',
    'x_forwarded_host',
    'y',
    'Forwarded',
    'z',
  ]
  t.same(requestFields(head({ rawFields, keepForwarded: true })), [
    ...['X-Forwarded-Port', '443', 'Forwarded', 'z'],
    ...OURS,
    ...KEEP,
  ])
  t.same(requestFields(head({ rawFields })), [...OURS, ...KEEP])
})
