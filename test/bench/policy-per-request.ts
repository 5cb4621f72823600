/**
 * What the publishing policy costs each request: `node test/bench/policy-per-request.ts`. Nanoseconds per call of
 * `decide`, the best of several rounds, for plain targets and hostile ones.
 */
import { decide, type Question } from '../../src/pipeline/decide.ts'
import type { Snapshot } from '../../src/pipeline/snapshot.ts'
import { decisionSnapshot } from '../support/decision-snapshot.ts'
import { bestOf, nanosecondsOf } from './nanoseconds.ts'

const ROUNDS = 7
const ROUND_MS = 150

const targets: Readonly<Record<string, string>> = {
  plain: '/ucwa/v1/applications/103138914/events?ack=5&medium=300&low=600&timeout=900',
  root: '/',
  'plain, with a query of the web app': '/lwa/WebPages/LwaClient.aspx?legacy=RmFsc2U!&lang=de',
  'escaped in an ordinary way':
    '/DataCollabWeb/wopi/files/6%7c9%7cfoo.pptx/contents?access_token=x',
  internal: '/cscp/Default.aspx',
  'hostile, short': '/x/%252e%252e/%u0063scp::$DATA',
  'hostile, 1 KB': `/${'%2525c3%2525a9/../'.repeat(56)}cscp`,
  'hostile, 12 KB': `/${'%ef%bd%83%2520'.repeat(870)}`,
  'hostile, 60 KB': `/${'../'.repeat(20_000)}cscp`,
}

for (const mode of ['guard', 'strict'] as const) {
  const snapshot = snapshotOf(mode)
  for (const [title, target] of Object.entries(targets)) {
    const question: Question = {
      listener: 'internet',
      isTls: true,
      httpsPort: 443,
      host: { name: 'lyncweb.contoso.com', port: undefined },
      method: 'GET',
      target,
    }
    const round = (): number => nanosecondsOf(() => decide(question, snapshot), ROUND_MS, 50)
    const ns = bestOf(ROUNDS, round)
    const figure = ns.toFixed(0).padStart(10)
    process.stdout.write(`${mode.padEnd(8)}${title.padEnd(38)}${figure} ns per call\n`)
  }
}

function snapshotOf(mode: string): Snapshot {
  return decisionSnapshot(`pools:
  pool01: { product: skype-se, servers: [fe01] }
rules:
  - { name: Web services, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }
  - { name: Meetings, publish: meet, hosts: [meet.contoso.com], pool: pool01 }
policy: { paths: ${mode} }
`)
}
