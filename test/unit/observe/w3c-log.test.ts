import t from 'tap'
import type { AccessRecord } from '../../../src/observe/access-log.ts'
import { createW3cLog, type LoggedRequest, w3cFields } from '../../../src/observe/w3c-log.ts'
import { readW3c } from '../../support/w3c-reader.ts'

const NOON = Date.UTC(2026, 10, 22, 12, 0, 5)

const record: AccessRecord = {
  id: 'AbCd-1',
  revision: 3,
  listener: 'internet',
  tls: true,
  client: '192.0.2.7',
  method: 'GET',
  host: 'lyncweb.contoso.com',
  target: '/meet/alice/X1?sl=1',
  userAgent: 'OC/16.0 (Skype for Business)',
  rule: 'Web services',
  pool: 'pool01',
  server: 'fe01.contoso.local:4443',
  affinity: 'cookie',
  pinned: true,
  status: 200,
  outcome: 'done',
  reason: undefined,
  strict: undefined,
  diagnostics: undefined,
  requestBytes: 0,
  responseBytes: 1234,
  connectMs: 1.25,
  firstByteMs: 12.5,
  totalMs: 17.6,
}

const request: LoggedRequest = {
  req: { rawHeaders: ['referer', 'https://meet.contoso.com/a?token=geheim'], httpVersion: '1.1' },
  facts: { host: 'lyncweb.contoso.com:443' },
  connection: { arrival: { port: 443 } },
}

interface Written {
  readonly output: { generation: number; write: (text: string) => void }
  readonly clock: { wallNow: () => number; computerName: string; version: string }
  text: string
}

function collect(): Written {
  const own: Written = {
    text: '',
    output: {
      generation: 0,
      write: (text) => {
        own.text += text
      },
    },
    clock: { wallNow: () => NOON, computerName: 'DMZ PROXY', version: '1.0.0' },
  }
  return own
}

/** What one line says. */
function lineOf(change: Partial<AccessRecord>, more: Partial<LoggedRequest> = {}) {
  const own = collect()
  createW3cLog(own.output, own.clock)({ ...record, ...change }, { ...request, ...more })
  const [entry] = readW3c(own.text).entries
  if (!entry) throw new Error('no line')
  return { ...own, entry }
}

t.test('a line has the fields of IIS, then ours', async (t) => {
  const { entry, text } = lineOf({})
  t.match(
    text,
    /^#Software: lyncgate 1\.0\.0\n#Version: 1\.0\n#Date: 2026-11-22 12:00:05\n#Fields: date time /,
  )
  t.same(entry, {
    date: '2026-11-22',
    time: '12:00:05',
    's-sitename': 'internet',
    's-computername': 'DMZ+PROXY',
    'cs-method': 'GET',
    'cs-uri-stem': '/meet/alice/X1',
    'cs-uri-query': 'sl=1',
    's-port': '443',
    'cs-username': '-',
    'c-ip': '192.0.2.7',
    'cs-version': 'HTTP/1.1',
    'cs(User-Agent)': 'OC/16.0+(Skype+for+Business)',
    'cs(Referer)': 'https://meet.contoso.com/a?token=***',
    'cs-host': 'lyncweb.contoso.com:443',
    'sc-status': '200',
    'sc-substatus': '0',
    'sc-win32-status': '0',
    'sc-bytes': '1234',
    'cs-bytes': '0',
    'time-taken': '18',
    'x-request-id': 'AbCd-1',
    'x-revision': '3',
    'x-tls': '1',
    'x-rule': 'Web+services',
    'x-pool': 'pool01',
    'x-server': 'fe01.contoso.local:4443',
    'x-affinity': 'cookie',
    'x-pinned': '1',
    'x-outcome': 'done',
    'x-reason': '-',
    'x-strict': '-',
    'x-diagnostics': '-',
    'x-connect-ms': '1.25',
    'x-first-byte-ms': '12.5',
  })
})

t.test('a client that left without an answer', async (t) => {
  const { entry } = lineOf({ status: 0, outcome: 'client-left' })
  t.match(entry, { 'sc-status': '-', 'sc-win32-status': '64', 'x-outcome': 'client-left' })
})

t.test('secrets are as invisible as in JSON', async (t) => {
  const { entry } = lineOf({ target: '/a?b=c?ticket=geheim&x=y' })
  t.match(entry, { 'cs-uri-stem': '/a', 'cs-uri-query': 'b=c?ticket=***&x=y' })
})

t.test('nobody writes a line, a field or a directive of their own', async (t) => {
  const hostile = [
    'x\r\n#Fields: date',
    'x\n2026-11-22 12:00:05 internet',
    '\u0000\u001b[2J\u007f\u0085\u00a0\u2028',
    ' leading and trailing ',
    '\t',
    '"quoted" and, comma;semicolon',
    'ÄÖ\u00ff',
  ]
  for (const value of hostile) {
    const { entry } = lineOf(
      {
        method: value,
        target: `/${value}?${value}`,
        userAgent: value,
        reason: value,
        strict: value,
        diagnostics: value,
        rule: value,
        client: value,
      },
      {
        req: { rawHeaders: ['Referer', value], httpVersion: '1.1' },
        facts: { host: value },
      },
    )
    t.same(Object.keys(entry), Object.keys(w3cFields))
    t.equal(entry['cs(User-Agent)'], entry['cs(Referer)'])
  }
  t.equal(
    lineOf({ userAgent: 'a\tb\u00e9' }).entry['cs(User-Agent)'],
    'a+b%E9',
    'bytes as received',
  )
  t.equal(
    lineOf({ rule: 'Büro 😀' }).entry['x-rule'],
    'B%C3%BCro+%F0%9F%98%80',
    'our words are UTF-8',
  )
  t.equal(lineOf({ rule: '\ud800' }).entry['x-rule'], '%EF%BF%BD', 'half a character')
})

t.test('the longest line fits into one write to a pipe, and no escape is cut', async (t) => {
  const long = '\u0081'.repeat(5_000)
  const { text, entry } = lineOf(
    {
      ...Object.fromEntries(
        [
          'id',
          'listener',
          'client',
          'method',
          'userAgent',
          'rule',
          'pool',
          'server',
          'affinity',
        ].map((key) => [key, key === 'id' ? 'AbCdEfGh-zzzzzzzzzz' : long]),
      ),
      target: `/${long}?${long}`,
      reason: long,
      strict: long,
      diagnostics: long,
    },
    { req: { rawHeaders: ['Referer', long], httpVersion: '1.1' }, facts: { host: long } },
  )
  const lines = text.split('\n')
  t.ok(Math.max(...lines.map((line) => line.length)) < 4_096, `${lines.map((line) => line.length)}`)
  t.match(entry['cs-uri-stem'], /^\/(?:%81)+$/)
})

t.test('directives come again with a new file and with each hour', async (t) => {
  const own = collect()
  let now = NOON
  const write = createW3cLog(own.output, { ...own.clock, wallNow: () => now })
  const headsAfter = (): number => {
    write(record, request)
    return readW3c(own.text).directives.filter((name) => name === 'Fields').length
  }
  t.equal(headsAfter(), 1)
  t.equal(headsAfter(), 1)
  own.output.generation++
  t.equal(headsAfter(), 2)
  now += 3_600_000
  t.equal(headsAfter(), 3)
  t.equal(headsAfter(), 3)
})
