/**
 * Asks testssl.sh (Debian package `testssl.sh`) about each TLS profile, and writes its simulated clients as a table into
 * docs/tls-and-certificates.md. Takes some minutes: `node test/bench/tls-profiles.ts`, with `--print` only to the screen.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadRules } from '../../src/config/load.ts'
import { createAuthority } from '../../src/lab/authority.ts'
import { createLogger } from '../../src/observe/logger.ts'
import { ServerRegistry } from '../../src/pools/server-registry.ts'
import { buildSnapshot } from '../../src/runtime/build-snapshot.ts'
import { Runtime } from '../../src/runtime/runtime.ts'

const PROFILES = ['modern', 'compatible', 'legacy'] as const
const NAME = 'lyncweb.contoso.com'
const page = new URL('../../docs/tls-and-certificates.md', import.meta.url)

/** Nobody outside trusts the stand-in authority, and nobody can ask it about revocation. */
const ABOUT_THE_CERTIFICATE = /^(cert|OCSP|DNS_CAA|grade|overall)/i

interface Finding {
  readonly id: string
  readonly severity: string
  readonly finding: string
}

const directory = mkdtempSync(join(tmpdir(), 'lyncgate-tls-'))
const simulated = new Map<string, string[]>()
const summaries: string[] = []
try {
  for (const profile of PROFILES) {
    const findings = await ask(profile)
    for (const { id, finding } of findings) {
      const [, client] = /^clientsimulation-(.+)$/.exec(id) ?? []
      if (client) simulated.set(client, [...(simulated.get(client) ?? []), shorten(finding)])
    }
    const weak = findings.filter(({ severity }) => /^(LOW|MEDIUM|HIGH|CRITICAL)$/.test(severity))
    const listed = weak
      .filter(({ id }) => !ABOUT_THE_CERTIFICATE.test(id))
      .map(({ id }) => `\`${id}\``)
    summaries.push(`- \`${profile}\`: ${listed.join(', ') || 'nothing'}`)
  }
} finally {
  rmSync(directory, { recursive: true })
}

const table = [
  `| client | ${PROFILES.map((each) => `\`${each}\``).join(' | ')} |`,
  `|---|${PROFILES.map(() => '---|').join('')}`,
  ...[...simulated].map(([client, cells]) => `| ${client} | ${cells.join(' | ')} |`),
].join('\n')
const text = `What it calls weak, leaving out the stand-in certificate:\n\n${summaries.join('\n')}\n\n${table}`
if (process.argv.includes('--print')) process.stdout.write(`${text}\n`)
else {
  const whole = readFileSync(page, 'utf8')
  const next = whole.replace(
    /<!-- testssl -->[\s\S]*<!-- \/testssl -->/,
    `<!-- testssl -->\n\n${text}\n\n<!-- /testssl -->`,
  )
  writeFileSync(page, next)
}

/** Starts the proxy with the profile and lets testssl.sh look at it. */
async function ask(profile: string): Promise<readonly Finding[]> {
  const authority = await createAuthority('Test Root')
  for (const keyType of ['rsa', 'ecdsa'] as const) {
    const { certPem, keyPem } = await authority.issue({ names: [NAME], keyType })
    writeFileSync(join(directory, `${keyType}.pem`), certPem)
    writeFileSync(join(directory, `${keyType}.key`), keyPem, { mode: 0o600 })
  }
  const file = join(directory, 'lyncgate.yaml')
  writeFileSync(
    file,
    `version: 1
listeners: [{ name: internet, address: 127.0.0.1, https: 443, tls: ${profile} }]
certificates: [{ cert: rsa.pem, key: rsa.key }, { cert: ecdsa.pem, key: ecdsa.key }]
pools: { pool01: { product: other, servers: [127.0.0.1], health: { check: none } } }
rules: [{ name: All, publish: anything, hosts: [${NAME}], pool: pool01 }]
`,
  )
  const loaded = await loadRules(file)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  const listeners = loaded.value.rules.listeners.map((each) => ({ ...each, httpsPort: 0 }))
  const rules = { ...loaded.value.rules, listeners }
  const scope = { registry: new ServerRegistry(), revision: 1, now: new Date() }
  const built = await buildSnapshot({ ...loaded.value, rules }, scope)
  if (!built.ok) throw new Error(JSON.stringify(built.error))
  const started = await Runtime.start(built.value, createLogger({ level: 'error' }).logger)
  if (!started.ok) throw new Error(started.error.message)
  const out = join(directory, `${profile}.json`)
  const port = started.value.ports[0]?.httpsPort
  try {
    const options = ['--quiet', '--color', '0', '--nodns', 'min', '--ip', '127.0.0.1']
    const checks = [
      '--protocols',
      '--server-defaults',
      '--server-preference',
      '--client-simulation',
    ]
    const holes = [
      '--renegotiation',
      '--crime',
      '--heartbleed',
      '--ccs-injection',
      '--robot',
      '--poodle',
      '--sweet32',
      '--freak',
      '--logjam',
      '--drown',
      '--rc4',
      '--ticketbleed',
    ]
    await promisify(execFile)(
      'testssl',
      [...options, ...checks, ...holes, '--jsonfile', out, `https://${NAME}:${port}`],
      { maxBuffer: 64 * 1024 * 1024, timeout: 900_000 },
    ).catch((error: { code?: unknown }) => {
      // Its exit code counts what it dislikes, and only those above 240 say that it could not run.
      if (typeof error.code !== 'number' || error.code > 240) throw error
    })
  } finally {
    await started.value.kill()
  }
  return JSON.parse(readFileSync(out, 'utf8')) as Finding[]
}

/** `TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256` as it is, no connection as a dash. */
function shorten(finding: string): string {
  return /no connection/i.test(finding) ? '–' : finding.replace(/,.*$/, '').trim()
}
