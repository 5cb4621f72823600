import t from 'tap'
import type { SrvRecord } from '../../../src/preflight/dns.ts'
import type { Verdict } from '../../../src/preflight/finding.ts'
import type { Service } from '../../../src/preflight/service.ts'
import { judgeRecord, writeSrv } from '../../../src/preflight/service-record.ts'

const federation: Service = {
  domain: 'contoso.com',
  label: '_sipfederationtls._tcp',
  transport: 'tls',
  ports: [5061],
  concerns: ['Lync'],
  isMutual: true,
  wildcard: 'fail',
  foreignTarget: 'fail',
  specialAddress: 'fail',
}

const read = (text: string): SrvRecord => {
  const [priority, weight, port, target = ''] = text.split(' ')
  return { priority: Number(priority), weight: Number(weight), port: Number(port), target }
}

t.test('numbers in the wrong order are seen, and where they were meant to lead', async (t) => {
  const table: readonly (readonly [string, Verdict, number | undefined])[] = [
    ['0 0 5061 sip.contoso.com', 'pass', 5061],
    ['10 100 5061 sip.contoso.com', 'pass', 5061],
    ['5061 0 0 sip.contoso.com', 'fail', 5061],
    ['0 5061 100 sip.contoso.com', 'fail', 5061],
    ['5061 0 100 sip.contoso.com', 'fail', 5061],
    ['0 5060 1 sip.contoso.com', 'fail', 5060],
    ['5061 5061 5061 sip.contoso.com', 'pass', 5061],
    ['0 0 443 sip.contoso.com', 'warn', 443],
    ['0 5061 443 sip.contoso.com', 'warn', 443],
    ['0 0 15061 sip.contoso.com', 'warn', 15061],
    ['0 0 0 sip.contoso.com', 'fail', undefined],
  ]
  for (const [text, verdict, port] of table) {
    const judged = judgeRecord(federation, read(text))
    t.equal(judged.findings.find(({ check }) => check === 'srv-numbers')?.verdict, verdict, text)
    t.equal(judged.port, port, text)
  }
})

t.test('the target', async (t) => {
  const table: readonly (readonly [string, Verdict])[] = [
    ['0 0 5061 contoso.com', 'pass'],
    ['0 0 5061 sip.contoso.com', 'pass'],
    ['0 0 5061 sipfed.online.lync.com', 'pass'],
    ['0 0 5061 a.b.contoso.com', 'fail'],
    ['0 0 5061 sip.fabrikam.com', 'fail'],
    ['0 0 5061 63.1.2.3', 'fail'],
    ['0 0 5061 sip.contoso.com.contoso.com', 'fail'],
    ['0 0 5061', 'fail'],
  ]
  for (const [text, verdict] of table) {
    const { findings } = judgeRecord(federation, read(text))
    t.equal(findings.find(({ check }) => check === 'srv-target')?.verdict, verdict, text)
    if (verdict === 'fail') t.ok(findings.at(-1)?.advice, `${text}: says what to do`)
  }
  const client = { ...federation, isMutual: false, foreignTarget: 'warn' as const }
  t.equal(judgeRecord(client, read('0 0 5061 sip.fabrikam.com')).findings[1]?.verdict, 'warn')
})

t.test('a dot as target ends the way', async (t) => {
  const { port, findings } = judgeRecord(federation, read('0 0 0'))
  t.equal(port, undefined)
  t.match(findings[0]?.means, 'RFC 2782')
  t.equal(writeSrv(read('0 0 0')), '0 0 0 .')
})
