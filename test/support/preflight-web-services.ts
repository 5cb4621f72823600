/** The preflight of a deployment that publishes web services, against whatever stands at a port. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runPreflightCommand } from '../../src/cli/preflight.ts'
import type { Finding } from '../../src/preflight/finding.ts'

interface Deployment {
  readonly port: number
  /** PEM of the authority that its certificate is believed by. */
  readonly ca: string
}

/**
 * Runs the command in the directory of the test.
 * @param more options of the command
 * @returns its exit code, and what it found by the name of a check
 */
export async function preflightWebServices(
  t: Test,
  { port, ca }: Deployment,
  ...more: readonly string[]
): Promise<{ code: number; of: (check: string) => readonly Finding[] }> {
  const root = join(t.testdirName, 'deployment.pem')
  const file = join(t.testdirName, 'deployment.yaml')
  await writeFile(root, ca)
  await writeFile(
    file,
    `version: 1
listeners: [{ name: internet, address: 0.0.0.0, https: 443 }]
certificates: [{ cert: public.pem, key: public.key }]
pools: { pool01: { product: skype-se, servers: [fe01.contoso.local] } }
rules: [{ name: Web, publish: web-services, hosts: [lyncweb.contoso.com], pool: pool01 }]
`,
  )
  let out = ''
  const where = ['--address', '127.0.0.1', '--port', String(port), '--ca', root]
  const code = await runPreflightCommand([file, ...where, ...more, '--json'], {
    stdout: (text) => {
      out += text
    },
    stderr: (text) => t.fail(text),
    isTerminal: false,
  })
  const { findings } = JSON.parse(out) as { findings: readonly Finding[] }
  return { code, of: (check) => findings.filter((found) => found.check === check) }
}
