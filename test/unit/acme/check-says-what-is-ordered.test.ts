import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCommand } from '../../../src/cli/commands.ts'
import { createAuthority } from '../../../src/lab/authority.ts'

const rules = `version: 1
listeners: [{ name: internet, http: 80, https: 443 }]
acme:
  directory: https://ca.example/directory
  contact: admin@contoso.com
  storage: acme
  ca: roots.pem
pools: { pool01: { product: skype-se, servers: [fe01] } }
rules:
  - { name: Meetings, publish: meet, hosts: [meet.contoso.com, meet.fabrikam.com], pool: pool01 }
`

t.test('which names, from whom, and what is missing', async (t) => {
  const authority = await createAuthority('Root')
  const directory = t.testdir({
    'lyncgate.yaml': rules,
    'roots.pem': authority.certificatePem,
    acme: { certificates: { 'meet.fabrikam.com.pem': 'damaged' } },
  })
  const { certPem, keyPem } = await authority.issue({ names: ['meet.contoso.com'] })
  writeFileSync(
    join(directory, 'acme/certificates/meet.contoso.com.pem'),
    `${certPem}\n${keyPem}\n`,
  )
  const file = join(directory, 'lyncgate.yaml')
  let text = ''
  const hear = (more: string): void => {
    text += more
  }
  const io = { stdout: hear, stderr: hear, isTerminal: false }
  t.equal(await runCommand(['check', file], io), 0)
  t.match(
    text,
    'acme obtains certificates for meet.contoso.com, meet.fabrikam.com from https://ca.',
  )
  t.match(text, 'acme orders meet.fabrikam.com as soon as lyncgate runs')
  t.match(text, /warning +not-a-certificate +acme\.storage: /)
  t.match(text, 'can be used, ')

  writeFileSync(join(directory, 'roots.pem'), 'nothing')
  text = ''
  t.equal(await runCommand(['check', file], io), 1)
  t.match(text, /error +not-a-certificate +acme\.ca: /)
})
