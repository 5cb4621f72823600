// `lyncgate check` (src/cli/check.ts) and how commands print (src/cli/output.ts).
import { join } from 'node:path'
import t from 'tap'
import { type DeepFindings, runCheck } from '../../../src/cli/check.ts'
import { alignTable, type CommandIo, paint } from '../../../src/cli/output.ts'
import type { LoadedRules } from '../../../src/config/load.ts'

const fine = `version: 1
listeners:
  - { name: internet, http: 80 }
pools:
  pool01: { product: skype-se, servers: [fe01] }
rules:
  - { name: Meetings, publish: meet, hosts: [meet.contoso.com], pool: pool01 }
`

function listen(isTerminal = false) {
  const heard = { stdout: '', stderr: '' }
  const io: CommandIo = {
    stdout: (text) => {
      heard.stdout += text
    },
    stderr: (text) => {
      heard.stderr += text
    },
    isTerminal,
  }
  return { heard, io }
}

t.test('a good file is fine, exit code 0', async (t) => {
  const file = join(t.testdir({ 'rules.yaml': fine }), 'rules.yaml')
  const { heard, io } = listen()
  t.equal(await runCheck([file], io), 0)
  t.same(heard, { stdout: `${file}: fine\n`, stderr: '' })
})

t.test('a file with warnings can be used, exit code 0', async (t) => {
  const text = `${fine}timeouts: { response: 5m }\n`
  const file = join(t.testdir({ 'rules.yaml': text }), 'rules.yaml')
  const { heard, io } = listen()
  t.equal(await runCheck([file], io), 0)
  t.match(heard.stdout, `${file}:8:23  warning  short-timeout  timeouts.response: "5m" is short`)
  t.match(heard.stdout, `${file}: can be used, 1 warning\n`)
})

t.test('problems go to stdout, exit code 1', async (t) => {
  const file = join(t.testdir({ 'rules.yaml': `${fine}ruels: []\n` }), 'rules.yaml')
  const { heard, io } = listen()
  t.equal(await runCheck([file], io), 1)
  const start = `${file}:8:1  error  unknown-key  `
  t.equal(
    heard.stdout,
    `${start}ruels: "ruels" is not a key of the file\n` +
      `${' '.repeat(start.length)}hint: did you mean "rules"?\n` +
      `${file}: 1 error\n`,
  )
  t.equal(heard.stderr, '')
})

t.test('--json is one object', async (t) => {
  const file = join(t.testdir({ 'rules.yaml': `${fine}ruels: []\n` }), 'rules.yaml')
  const { heard, io } = listen(true)
  t.equal(await runCheck(['--json', file], io), 1)
  t.same(JSON.parse(heard.stdout), {
    file,
    ok: false,
    problems: [
      {
        line: 8,
        column: 1,
        severity: 'error',
        code: 'unknown-key',
        where: 'ruels',
        message: '"ruels" is not a key of the file',
        hint: 'did you mean "rules"?',
      },
    ],
  })
})

t.test('a missing file is a problem of the file, exit code 1', async (t) => {
  const { heard, io } = listen()
  t.equal(await runCheck([join(t.testdir({}), 'none.yaml'), '--json'], io), 1)
  t.match(JSON.parse(heard.stdout), { ok: false, problems: [{ code: 'file-unreadable' }] })
})

t.test('an unusable call says how to call, exit code 2', async (t) => {
  for (const args of [[], [''], ['a', 'b'], ['--frobnicate', 'a'], ['a', '--json=yes'], ['-x']]) {
    const { heard, io } = listen()
    t.equal(await runCheck(args, io), 2, args.join(' '))
    t.match(heard.stderr, /^lyncgate check: .+\nusage: lyncgate check FILE \[--json\]\n$/s)
    t.equal(heard.stdout, '')
  }
})

t.test('deeper checks add their problems in the order of the file', async (t) => {
  const text = `${fine}timeouts: { response: 5m }\n`
  const file = join(t.testdir({ 'rules.yaml': text }), 'rules.yaml')
  const deepCheck = async ({ locate }: LoadedRules): Promise<DeepFindings> => ({
    problems: [
      {
        ...locate(['pools', 'pool01', 'tls', 'ca']),
        severity: 'error',
        code: 'certificate-unreadable',
        where: 'pools.pool01.tls.ca',
        message: 'there is no such file',
      },
    ],
    notes: ['all is well'],
  })
  const { heard, io } = listen()
  t.equal(await runCheck([file, '--json'], io, [deepCheck]), 1)
  t.match(JSON.parse(heard.stdout), {
    ok: false,
    problems: [{ code: 'certificate-unreadable', line: 5 }, { code: 'short-timeout' }],
    notes: ['all is well'],
  })
  let calls = 0
  const counting = async () => {
    calls += 1
    return { problems: [], notes: [] }
  }
  await runCheck([join(file, 'none')], io, [counting])
  t.equal(calls, 0, 'a file with errors is not looked into any deeper')
})

t.test('colours are for terminals, and do not disturb the columns', async (t) => {
  const terminal = listen(true).io
  t.equal(paint(listen().io, 'red', 'error'), 'error')
  t.equal(paint(terminal, 'red', 'error'), '\u001b[31merror\u001b[39m')
  const rows = [
    [paint(terminal, 'red', 'a'), 'b', 'a long last cell'],
    ['ccc', '', 'd'],
    ['', 'e'],
  ]
  t.equal(alignTable(rows), '\u001b[31ma\u001b[39m    b  a long last cell\nccc     d\n     e\n')
  t.equal(alignTable([]), '')
})
