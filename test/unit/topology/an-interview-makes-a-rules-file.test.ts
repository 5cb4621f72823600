import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runInit } from '../../../src/cli/init.ts'
import type { CommandIo } from '../../../src/cli/output.ts'
import type { Asker } from '../../../src/topology/interview.ts'
import { checkMade } from '../../support/init-check.ts'

interface Heard {
  readonly questions: string[]
  readonly defaults: string[]
}

/** Answers in order; an empty one takes the default, `undefined` cancels. What is refused is answered by the next. */
function answer(answers: readonly (string | undefined)[], heard: Heard): Asker {
  const left = [...answers]
  const next = async (
    message: string,
    initial: string,
    check?: (text: string) => string | undefined,
  ) => {
    heard.questions.push(message)
    heard.defaults.push(initial)
    for (;;) {
      if (left.length === 0) throw new Error(`nobody thought of: ${message}`)
      const given = left.shift()
      if (given === undefined) return undefined
      const meant = given === '' ? initial : given
      const objection = check?.(meant)
      if (objection === undefined) return meant
      heard.questions.push(`! ${objection}`)
    }
  }
  return {
    text: ({ message, initial, check }) => next(message, initial, check),
    choose: ({ message, initial }) => next(message, initial),
  }
}

async function init(args: readonly string[], answers: readonly (string | undefined)[]) {
  const heard: Heard = { questions: [], defaults: [] }
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
  const code = await runInit(args, io, answer(answers, heard))
  return { code, ...said, ...heard }
}

const least = ['contoso.com', '', 'se01.contoso.local', '', '', '', '', '', '']

t.test('the least: a domain and a server, and the defaults for all the rest', async (t) => {
  const { code, stdout, defaults } = await init(['--json'], least)
  t.equal(code, 0)
  t.same(defaults.filter(Boolean), [
    '8',
    'se01.contoso.local',
    'lyncweb.contoso.com',
    'meet.{sipDomain}',
    'dialin.contoso.com',
  ])
  const { publishing } = await checkMade(t, stdout)
  t.same(
    publishing.map(({ publish, hosts, pool }) => `${publish} ${hosts.join(' ')} ${pool}`),
    [
      'web-services lyncweb.contoso.com se01',
      'meet meet.contoso.com se01',
      'dialin dialin.contoso.com se01',
      'autodiscover lyncdiscover.contoso.com se01',
    ],
  )
})

t.test('all of it: a Director answers, Office Web Apps are published', async (t) => {
  const { code, stdout } = await init(
    ['--json'],
    [
      'contoso.com, fabrikam.com',
      '6',
      'fe01.contoso.local fe02.contoso.local',
      'pool01.contoso.local',
      'webext.contoso.com',
      'dir01.contoso.local',
      'webdir.contoso.com',
      'meet.{sipDomain};join.contoso.com',
      'dialin.contoso.com',
      'wac.contoso.com',
    ],
  )
  t.equal(code, 0)
  const { publishing, rules } = await checkMade(t, stdout)
  t.equal(publishing.find(({ publish }) => publish === 'meet')?.pool, 'dir01')
  t.match(rules, 'hosts: ["meet.{sipDomain}", join.contoso.com]')
  t.match(rules, 'serverName: pool01.contoso.local')
  t.match(rules, 'product: lync-2013')
  t.match(rules, 'hosts: [wac.contoso.com]')
})

t.test('an answer that cannot be is refused with the reason', async (t) => {
  const { questions } = await init(
    ['--json'],
    [
      '',
      'https://contoso.com',
      'contoso.com',
      '',
      'se01.contoso.local:4443',
      'se01.contoso.local',
      '',
      'a.com b.com',
      ...['', '', '', '', ''],
    ],
  )
  t.same(
    questions.filter((each) => each.startsWith('!')),
    [
      '! Wanted: a domain such as contoso.com',
      '! https://contoso.com is a URL: write the host alone: "contoso.com"',
      '! se01.contoso.local:4443 has a port: write { address: "se01.contoso.local", https: 4443 }',
      '! Wanted: one name',
    ],
  )
})

t.test('cancelled at whatever question, nothing is written', async (t) => {
  for (let given = 0; given < least.length; given += 1) {
    const place = t.testdir({})
    const out = join(place, 'lyncgate.yaml')
    const { code, stdout, stderr } = await init(
      ['--out', out],
      [...least.slice(0, given), undefined],
    )
    t.equal(code, 1)
    t.equal(stdout, '')
    t.equal(stderr, 'lyncgate init: cancelled, nothing was written\n')
    t.notOk(existsSync(out))
  }
})

t.test('a file that is there is not asked about, and not replaced', async (t) => {
  const place = t.testdir({ 'lyncgate.yaml': 'mine' })
  const out = join(place, 'lyncgate.yaml')
  const refused = await init(['--out', out], [])
  t.equal(refused.code, 1)
  t.match(refused.stderr, /is there already; --force replaces it/)
  t.equal(readFileSync(out, 'utf8'), 'mine')
  const forced = await init(['--out', out, '--force'], least)
  t.equal(forced.code, 0)
  t.match(
    readFileSync(out, 'utf8'),
    /^# Written by lyncgate init from\n# {3}answers to its questions\n/,
  )
})
