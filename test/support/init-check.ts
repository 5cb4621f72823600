/** What every rules file of `lyncgate init` must stand: the real check, without and with the files it names, and explain. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runCommand } from '../../src/cli/commands.ts'
import type { CommandIo } from '../../src/cli/output.ts'
import { createAuthority } from '../../src/lab/authority.ts'

const authority = await createAuthority('Internal Root')

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command and returns what it says. */
export async function say(...args: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' }
  const io: CommandIo = {
    stdout: (text) => {
      said.stdout += text
    },
    stderr: (text) => {
      said.stderr += text
    },
    isTerminal: false,
  }
  const code = await runCommand(args, io)
  return { code, ...said }
}

interface Published {
  readonly rules: string
  readonly publishing: readonly {
    name: string
    publish: string
    hosts: readonly string[]
    pool: string
  }[]
  readonly certificate: { readonly names: readonly string[] }
  readonly advice: readonly { readonly code: string; readonly message: string }[]
}

const paths: Readonly<Record<string, string>> = {
  'web-services': '/abs/handler',
  meet: '/alice/ABCD1234',
  dialin: '/',
  autodiscover: '/',
  'office-web-apps': '/m/met/participant.aspx',
}

/**
 * @param json what `init --json` prints
 * @param explained how many hosts of each rule are explained
 */
export async function checkMade(t: Test, json: string, explained = 3): Promise<Published> {
  const made = JSON.parse(json) as Published
  const place = t.testdir({ 'lyncgate.yaml': made.rules })
  const file = join(place, 'lyncgate.yaml')

  const bare = JSON.parse((await say('check', file, '--json')).stdout) as {
    problems: readonly { code: string; where: string; message: string }[]
  }
  t.same(
    bare.problems.filter(({ code }) => code !== 'unreadable-file'),
    [],
    'before the certificates are there, nothing but them is missing',
  )
  t.ok(bare.problems.some(({ where }) => where === 'certificates[0].cert'))

  mkdirSync(join(place, 'certs'))
  const { certPem, keyPem } = await authority.issue({ names: made.certificate.names })
  writeFileSync(join(place, 'certs/public.pem'), certPem)
  writeFileSync(join(place, 'certs/public.key'), keyPem, { mode: 0o600 })
  writeFileSync(join(place, 'certs/internal-root.pem'), authority.certificatePem)
  t.same(
    await say('check', file),
    { code: 0, stdout: `${file}: fine\n`, stderr: '' },
    'with a certificate for exactly the names to order, there is nothing left to say',
  )

  for (const { name, publish, hosts, pool } of made.publishing) {
    for (const host of hosts.slice(0, explained)) {
      const url = `https://${host}${paths[publish] ?? '/'}`
      const { code, stdout } = await say('explain', file, url)
      t.equal(code, 0, url)
      t.match(stdout, `${name} (publishes ${publish}, pool ${pool})`, url)
      t.match(stdout, "client gets  the server's answer", url)
    }
  }
  rmSync(join(place, 'certs'), { recursive: true })
  return made
}
