/** `lyncgate preflight FILE` against the stand-in deployment behind the proxy: nothing to say, and one fault at a time. */
import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runPreflightCommand } from '../../src/cli/preflight.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import type { LabOptions } from '../../src/lab/lab.ts'
import type { Finding } from '../../src/preflight/finding.ts'
import { startLabProxy } from '../support/lab-proxy.ts'
import type { TestProxyOptions } from '../support/proxy.ts'

interface Report {
  readonly ok: boolean
  readonly counts: Readonly<Record<Finding['verdict'], number>>
  readonly findings: readonly Finding[]
}

/** What the preflight says of the proxy that has these options. */
async function preflight(
  t: Test,
  options: TestProxyOptions & { readonly lab?: LabOptions },
  more: readonly string[] = [],
): Promise<Report & { readonly code: number }> {
  const proxy = await startLabProxy(t, { plainHttp: null, ...options })
  const place = t.testdirName
  let out = ''
  const code = await runPreflightCommand(
    [
      join(place, 'lyncgate.yaml'),
      ...['--address', '127.0.0.1', '--from', 'lan', '--ca', join(place, 'root.pem')],
      ...['--port', String(proxy.httpsPort), '--http-port', String(proxy.httpPort), '--json'],
      ...more,
    ],
    {
      stdout: (text) => {
        out += text
      },
      stderr: (text) => t.fail(text),
      isTerminal: false,
    },
  )
  return { ...(JSON.parse(out) as Report), code }
}

/** As above, with an account. */
async function preflightAs(
  t: Test,
  { user, password }: { readonly user: string; readonly password: string },
  options: TestProxyOptions = {},
  more: readonly string[] = [],
): Promise<Report> {
  const file = join(tmpdir(), `lyncgate-preflight-${process.pid}-${randomUUID()}`)
  await writeFile(file, password, { mode: 0o600 })
  t.teardown(() => rm(file))
  return preflight(t, options, ['--user', user, '--password-file', file, ...more])
}

const troubleOf = ({ findings }: Report): readonly string[] =>
  findings
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ check, verdict }) => `${verdict} ${check}`)

t.test('web services as they should be', async (t) => {
  const report = await preflight(t, {})
  t.same(troubleOf(report), [])
  t.equal(report.code, 0)
  t.ok(report.ok)
  t.same(
    report.findings.map(({ check }) => check),
    [
      'https',
      'certificate-name',
      'tls-versions',
      'autodiscover-root',
      'dialin-page',
      'dialin-conference',
      'meet-page',
      'web-ticket',
      'address-book-challenge',
      'internal-directories',
      'affinity-cookie',
      'upload-size',
      'plain-http',
      'certificate-names',
      'certificate-chain',
      'certificate-time',
      'certificate-server-auth',
      'certificate-key',
      'certificate-signature',
    ],
  )
})

t.test('every other kind of name has pages of its own', async (t) => {
  const kinds = { meet: 'meet-page', dialin: 'dialin-page', autodiscover: 'autodiscover-start' }
  for (const [publish, check] of Object.entries(kinds)) {
    const host = `${publish === 'autodiscover' ? 'lyncdiscover' : publish}.contoso.com`
    await t.test(publish, async (t) => {
      const report = await preflight(t, { publish, hosts: [host] })
      t.same(troubleOf(report), [])
      t.ok(report.findings.some((found) => found.check === check))
    })
  }
})

t.test('bridged to the internal web site', async (t) => {
  const report = await preflight(t, { lab: { accessLocation: 'Internal' } })
  t.equal(report.code, 1)
  t.same(troubleOf(report), ['fail autodiscover-root'])
  t.match(
    report.findings.find(({ verdict }) => verdict === 'fail'),
    {
      seen: /AccessLocation Internal/,
      advice: /Bridge 443 to 4443/,
    },
  )
})

t.test('a name that the certificate lacks, and both ways out', async (t) => {
  const report = await preflight(t, {
    publish: 'autodiscover',
    hosts: ['lyncdiscover.contoso.com', 'lyncdiscover.fabrikam.com'],
    certificateNames: ['lyncdiscover.contoso.com'],
  })
  t.same(troubleOf(report), ['fail https', 'fail certificate-names'])
  t.match(
    report.findings.find(({ check, verdict }) => check === 'https' && verdict === 'fail'),
    {
      seen: 'TLS alert unrecognized_name',
    },
  )
  t.match(report.findings.at(-1), {
    subject: 'names without a certificate',
    seen: 'lyncdiscover.fabrikam.com',
    advice: /DNS entry lyncdiscover\.fabrikam\.com\. Or: publish over plain HTTP only/,
  })
})

t.test('a name that is meant for plain HTTP alone needs no certificate', async (t) => {
  const report = await preflight(t, {
    publish: 'autodiscover',
    hosts: ['lyncdiscover.fabrikam.com'],
    certificateNames: ['lyncweb.contoso.com'],
    rule: 'https: refuse',
  })
  t.same(troubleOf(report), [])
  t.same(
    report.findings.map(({ check }) => check),
    ['https-refused', 'plain-http'],
  )
})

t.test('an internal directory that a rule opens', async (t) => {
  const report = await preflight(t, { rule: 'allow: [/cscp]' })
  t.same(troubleOf(report), ['fail internal-directories'])
  t.match(
    report.findings.find(({ verdict }) => verdict === 'fail'),
    {
      seen: 'open from here: /cscp/ 200',
    },
  )
})

t.test('servers that do not answer', async (t) => {
  const report = await preflight(t, { servers: [{ httpPort: 9, httpsPort: 9 }] })
  t.equal(report.code, 1)
  t.match(
    report.findings.find(({ check }) => check === 'autodiscover-root'),
    {
      verdict: 'fail',
      seen: /gives 503/,
      means: /out of order/,
    },
  )
  t.match(
    report.findings.find(({ check }) => check === 'internal-directories'),
    {
      verdict: 'pass',
    },
  )
})

t.test('desk phones wish for versions of TLS that others do not', async (t) => {
  const report = await preflight(t, { listener: 'tls: legacy' })
  t.same(troubleOf(report), [])
  t.match(
    report.findings.find(({ check }) => check === 'tls-versions'),
    {
      seen: 'TLSv1, TLSv1.1, TLSv1.2, TLSv1.3',
    },
  )
})

const alice = { user: 'CONTOSO\\alice', password: 'Wonderland-7' }

t.test('a sign-in through the proxy', async (t) => {
  for (const user of ['CONTOSO\\alice', 'contoso\\ALICE'])
    await t.test(user, async (t) => {
      const report = await preflightAs(t, { user, password: 'Wonderland-7\n' })
      t.same(troubleOf(report), [])
      t.match(
        report.findings.find(({ check }) => check === 'ntlm-sign-in'),
        {
          seen: 'signed in (200); the connection stays signed in, and no other one is',
        },
      )
    })
})

t.test('an account is tried once, and with a wrong password no second time', async (t) => {
  const report = await preflightAs(
    t,
    { user: 'CONTOSO\\alice', password: 'wrong' },
    {
      hosts: ['lyncweb.contoso.com', 'lyncweb.fabrikam.com'],
    },
  )
  t.same(
    report.findings.filter(({ check }) => check === 'ntlm-sign-in').map(({ seen }) => seen),
    ['refused after all three messages', 'not tried: the account was refused before'],
  )
})

t.test('a password is not used where the certificate leads to an unknown root', async (t) => {
  const file = join(tmpdir(), `lyncgate-preflight-root-${process.pid}.pem`)
  await writeFile(file, (await createAuthority('Another Root')).certificatePem)
  t.teardown(() => rm(file))
  const report = await preflightAs(t, alice, {}, ['--ca', file])
  t.match(
    report.findings.find(({ check }) => check === 'ntlm-sign-in'),
    {
      verdict: 'skip',
      seen: 'not signed in (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
    },
  )
})

t.test('nothing listens', async (t) => {
  const proxy = await startLabProxy(t, { plainHttp: null })
  const file = join(t.testdirName, 'lyncgate.yaml')
  await proxy.proxy.kill()
  let out = ''
  const code = await runPreflightCommand(
    [file, '--address', '127.0.0.1', '--port', '9', '--http-port', '9'],
    {
      stdout: (text) => {
        out += text
      },
      stderr: (text) => t.fail(text),
      isTerminal: false,
    },
  )
  t.equal(code, 1)
  t.match(out, /fail {2}https {2}not reachable \(refused\)/)
  t.match(out, 'web services of')
})
