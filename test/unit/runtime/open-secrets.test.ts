import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Rules } from '../../../src/config/rules.ts'
import { findOpenSecrets } from '../../../src/runtime/open-secrets.ts'

t.test('a secret for everybody is named with its place', async (t) => {
  const directory = t.testdir({ 'ticket.secret': 'x', 'eab.key': 'y', other: 'z' })
  const file = (name: string): string => join(directory, name)
  const rules = {
    sessionTickets: { secretFile: file('ticket.secret') },
    acme: {
      authorities: [
        { eab: { keyFile: file('eab.key') } },
        { eab: undefined },
        { eab: { keyFile: file('other') } },
      ],
    },
  } as unknown as Rules
  const set = (mode: number): void => {
    for (const name of ['ticket.secret', 'eab.key', 'other']) chmodSync(file(name), mode)
  }
  const places = async (): Promise<readonly string[]> =>
    (await findOpenSecrets(rules)).map(({ where, rest }) => `${rest.severity} ${where.join('.')}`)
  for (const mode of [0o600, 0o440, 0o400, 0o660]) {
    set(mode)
    t.same(await places(), [], mode.toString(8))
  }
  for (const mode of [0o644, 0o604, 0o602]) {
    set(mode)
    t.same(
      await places(),
      ['warning sessionTickets.secret', 'warning acme.eab.key', 'warning acme.fallbacks.1.eab.key'],
      mode.toString(8),
    )
  }
})

t.test('no file, or none that can be found: nothing', async (t) => {
  const none = { sessionTickets: { secretFile: undefined }, acme: undefined } as unknown as Rules
  t.same(await findOpenSecrets(none), [])
  const missing = { ...none, sessionTickets: { secretFile: join(t.testdir({}), 'none') } } as Rules
  t.same(await findOpenSecrets(missing), [])
})
