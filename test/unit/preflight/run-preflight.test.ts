import t from 'tap'
import type { CommandIo } from '../../../src/cli/output.ts'
import { runPreflightCommand } from '../../../src/cli/preflight.ts'
import { formatReport } from '../../../src/cli/preflight-report.ts'
import { federationFamily } from '../../../src/preflight/federation.ts'
import { type Finding, finding } from '../../../src/preflight/finding.ts'
import { writeJunit } from '../../../src/preflight/junit.ts'
import { runPreflight } from '../../../src/preflight/run-preflight.ts'
import { withinTime } from '../../../src/preflight/time-budget.ts'
import { startOddDns } from '../../support/dns-server.ts'
import { createWorld } from '../../support/preflight-world.ts'
import { createSipAuthority } from '../../support/sip-certificates.ts'

const authority = await createSipAuthority()

function listen(settings: Partial<CommandIo> = {}) {
  const heard = { out: '', err: '' }
  const io: CommandIo = {
    stdout: (text) => {
      heard.out += text
    },
    stderr: (text) => {
      heard.err += text
    },
    isTerminal: false,
    ...settings,
  }
  return { heard, io }
}

t.test('a call that cannot be used says why and gives 2', async (t) => {
  const place = t.testdir({ 'empty.pem': 'nothing' })
  const table: readonly (readonly [string, RegExp])[] = [
    ['federation', /CHECK and NAME are needed/],
    ['federation contoso.com --address 192.0.2.1', /--address belongs to FILE/],
    ['lyncgate.yaml --address proxy01', /--address is an IP address/],
    ['lyncgate.yaml --user CONTOSO\\alice', /--user and --password-file belong together/],
    ['lyncgate.yaml --user alice --password-file x', /--user is DOMAIN/],
    ['federation contoso.com --user a@b --password-file x', /--user belongs to FILE/],
    ['lyncgate.yaml --long 16', /--long: a duration/],
    ['lyncgate.yaml --long 2h', /--long is from 1s to 1h/],
    ['federation contoso.com --long 16m', /--long belongs to FILE/],
    ['lyncgate.yaml --port 0', /a port is a number from 1 to 65535/],
    ['lyncgate.yaml --http-port 80x', /a port is a number from 1 to 65535/],
    ['federation a b', /CHECK and NAME are needed/],
    ['telnet contoso.com', /no check "telnet"/],
    ['federation sip:user@contoso.com', /is a SIP address: write the name alone: "contoso.com"/],
    ['lcs 192.0.2.1', /is an IP address/],
    ['cwa im.contoso.com:70000', /a port is/],
    ['cwa https://im.contoso.com/', /is a URL/],
    ['federation contoso.com --from home', /--from is one of internet, dmz, lan/],
    ['federation contoso.com --dns ns.contoso.com', /--dns takes an IP address/],
    ['federation contoso.com --timeout 5', /--timeout: a duration/],
    ['federation contoso.com --timeout 1h', /--timeout is from/],
    ['federation contoso.com --what', /Unknown option/],
    [`federation contoso.com --ca ${place}/none.pem`, /cannot read .* \(ENOENT\)/],
    [`federation contoso.com --ca ${place}/empty.pem`, /holds no PEM certificate/],
  ]
  for (const [call, says] of table) {
    const { heard, io } = listen()
    t.equal(await runPreflightCommand(call.split(' ').filter(Boolean), io), 2, call)
    t.match(heard.err, says)
    t.match(heard.err, 'usage: lyncgate preflight')
    t.equal(heard.out, '')
  }
})

t.test('without an answer from DNS it ends, fails, and writes JSON and JUnit', async (t) => {
  const silent = await startOddDns(t, () => undefined)
  const place = t.testdir({})
  const { heard, io } = listen()
  const call = ['federation', 'contoso.com', '--dns', silent, '--timeout', '100ms', '--json']
  t.equal(await runPreflightCommand([...call, '--junit', `${place}/report.xml`], io), 1)
  const report = JSON.parse(heard.out) as { ok: boolean; findings: Finding[]; counts: object }
  t.match(report, { title: 'federation of contoso.com', ok: false, counts: { fail: 2 } })
  t.match(report.findings[0], { verdict: 'fail', check: 'srv-record', concerns: ['Lync'] })
  const { readFileSync } = await import('node:fs')
  t.match(readFileSync(`${place}/report.xml`, 'utf8'), 'tests="2" failures="2" skipped="0"')
  t.equal(heard.err, '', 'no progress where nobody looks')
  t.equal(await runPreflightCommand([...call, '--junit', `${place}/no/report.xml`], io), 2)
  t.match(heard.err, /cannot write .* \(ENOENT\)/)
})

t.test('on a terminal there are colours and progress, and the progress goes away', async (t) => {
  const silent = await startOddDns(t, () => undefined)
  const { heard, io } = listen({ isTerminal: true, stderrIsTerminal: true })
  await runPreflightCommand(['lcs', 'contoso.com', '--dns', silent, '--timeout', '100ms'], io)
  t.match(heard.err, 'Live Communications Server of contoso.com: records for clients ...')
  t.ok(heard.err.endsWith('\r\u001b[K'))
  t.match(heard.out, '\u001b[31mfail\u001b[39m')
})

t.test('a report is well-formed XML and one line per cell, whatever was found', async (t) => {
  const hostile = '</testcase>"&\'<\u0000\u001b[2J]]>\u202e\n'
  const found = (['pass', 'warn', 'fail', 'skip'] as const).map((verdict) =>
    finding({
      verdict,
      check: 'check',
      subject: hostile,
      seen: hostile.repeat(1000),
      concerns: ['Lync'],
      means: hostile,
      advice: hostile,
    }),
  )
  const xml = writeJunit(hostile, found)
  t.notMatch(xml, /[\p{Cf}]|[^\P{Cc}\n]/u)
  const inside = xml.replace(
    /<\/?(?:\?xml|testsuites?|testcase|failure|skipped|system-out)\b[^<>]*>/g,
    '',
  )
  t.notMatch(inside, /[<>]/, 'no other mark-up')
  t.match(xml, 'tests="4" failures="1" skipped="1"')
  const text = formatReport({ title: 'x', findings: found, isGood: false }, listen().io)
  t.notMatch(text, /[\p{Cf}]|[^\P{Cc}\n]/u)
})

t.test(
  'only what DNS named is connected to, and no service is asked for without need',
  async (t) => {
    const world = await createWorld(
      `_sipfederationtls._tcp.contoso.com SRV 0 0 5061 sip.contoso.com
     sip.contoso.com A 63.1.2.3
     LISTEN 63.1.2.3:5061 tls names=sip.contoso.com mutual=yes
     LISTEN 63.1.2.4:5061 tls names=sip.contoso.com mutual=yes`,
      authority,
    )
    const { isGood } = await runPreflight(federationFamily('contoso.com'), world, () => {})
    t.ok(isGood)
    t.same(
      world.asked.filter((question) => /^(?:tls|sip|web) /.test(question)),
      ['tls 63.1.2.3:5061 sip.contoso.com', 'tls 63.1.2.3:5061 without a name'],
    )
    t.ok(world.asked.length < 50, `${world.asked.length} questions`)
  },
)

t.test('very many addresses and records are not all connected to', async (t) => {
  const lines = Array.from({ length: 30 }, (_, index) => [
    `_sipfederationtls._tcp.contoso.com SRV 0 0 5061 h${index}.contoso.com`,
    ...Array.from({ length: 30 }, (_, host) => `h${index}.contoso.com A 63.${index}.2.${host}`),
  ])
  const world = await createWorld(lines.flat().join('\n'), authority)
  const { findings } = await runPreflight(federationFamily('contoso.com'), world, () => {})
  const connections = world.asked.filter((question) => question.startsWith('tls ')).length
  t.ok(connections > 0 && connections <= 24, `${connections} connections`)
  t.ok(findings.length < 100, `${findings.length} findings`)
})

t.test('when the time is over nothing is asked any more', async (t) => {
  const world = await createWorld('x.contoso.com A 63.1.2.3', authority)
  const ended = new AbortController()
  const bounded = withinTime(world, ended.signal)
  t.match(await bounded.dns.addresses('x.contoso.com'), { status: 'found' })
  ended.abort()
  const before = world.asked.length
  const { findings, isGood } = await runPreflight(
    federationFamily('contoso.com'),
    bounded,
    () => {},
  )
  t.notOk(isGood)
  t.match(findings[0], { seen: 'DNS did not answer (the preflight ran out of time)' })
  t.match(await bounded.probes.tls({ address: '63.1.2.3', port: 1 }, undefined), {
    kind: 'unreachable',
  })
  t.equal(world.asked.length, before)
})
