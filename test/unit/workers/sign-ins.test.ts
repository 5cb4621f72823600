import t from 'tap'
import type { Attempt, SignInOutcome, Verdict } from '../../../src/guard/gate.ts'
import type { SignInNote, SignInVerdict } from '../../../src/workers/messages.ts'
import { RemoteGate } from '../../../src/workers/remote-gate.ts'
import { SharedSignIns } from '../../../src/workers/share-sign-ins.ts'
import { collectLog } from '../../support/collected-log.ts'

const attempt: Attempt = { users: ['alice'], creditee: 'alice', clientAddress: '192.0.2.1' }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function openGate() {
  const sent: SignInNote[][] = []
  const own: [number, SignInOutcome][] = []
  const gate = new RemoteGate((notes) => void sent.push([...notes]), {
    enter: (_, answer) => {
      answer({ kind: 'pass', ticket: 77 })
      return () => {}
    },
    settle: (ticket, outcome) => void own.push([ticket, outcome]),
  })
  return { gate, sent, own }
}

t.test('what one turn brings goes in one message', async (t) => {
  const { gate, sent } = openGate()
  const heard: Verdict[] = []
  gate.enter(attempt, (verdict) => heard.push(verdict))
  const giveUp = gate.enter(attempt, (verdict) => heard.push(verdict))
  giveUp()
  await turn()
  t.match(sent, [
    [
      { kind: 'enter', id: 1 },
      { kind: 'enter', id: 2 },
      { kind: 'give-up', id: 2 },
    ],
  ])
  gate.onVerdicts([
    { id: 1, verdict: { kind: 'pass', ticket: 500 } },
    { id: 2, verdict: { kind: 'blocked' } },
  ])
  t.same(heard, [{ kind: 'pass', ticket: 1 }], 'who gave up is not told')
  gate.settle(1, 'failed')
  await turn()
  t.same(sent[1], [{ kind: 'settle', id: 1, outcome: 'failed' }])
})

t.test('a primary that hangs is done without', async (t) => {
  const { gate, sent, own } = openGate()
  const heard: Verdict[] = []
  gate.enter(attempt, (verdict) => heard.push(verdict))
  gate.look(performance.now() + 14_000)
  t.same(heard, [])
  gate.look(performance.now() + 16_000)
  t.same(heard, [{ kind: 'pass', ticket: 1 }])
  gate.onVerdicts([{ id: 1, verdict: { kind: 'blocked' } }])
  t.equal(heard.length, 1, 'its answer is too late')
  gate.settle(1, 'failed')
  t.same(own, [[77, 'failed']])
  await turn()
  t.match(sent.flat().at(-1), { kind: 'give-up' })
})

t.test('a flood of questions has an end', async (t) => {
  const { gate } = openGate()
  const heard: Verdict[] = []
  for (let n = 0; n < 10_001; n++) gate.enter(attempt, (verdict) => heard.push(verdict))
  t.match(heard, [{ kind: 'throttled' }])
})

t.test('tries of all workers are counted once, and those of a dead one given back', async (t) => {
  const shared = new SharedSignIns<{
    tell(message: { verdicts: readonly SignInVerdict[] }): void
  }>(collectLog('info').logger)
  t.teardown(() => shared.stop())
  const limit = { failures: 3, windowMs: 60_000, blockMs: 60_000 }
  shared.desk.adopt({
    mode: 'enforce',
    perUser: limit,
    perClient: { ...limit, failures: 100 },
    isAllowedClient: () => false,
    allowedUsers: new Set(),
  })
  const open = () => {
    const verdicts: string[] = []
    const tell = (message: { verdicts: readonly SignInVerdict[] }): void => {
      verdicts.push(...message.verdicts.map(({ id, verdict }) => `${id} ${verdict.kind}`))
    }
    return { tell, verdicts }
  }
  const [one, other] = [open(), open()]
  for (const id of [1, 2]) shared.onNotes(one, [{ kind: 'enter', id, attempt }])
  for (const id of [1, 2]) shared.onNotes(other, [{ kind: 'enter', id, attempt }])
  await turn()
  t.same(one.verdicts, ['1 pass', '2 pass'])
  t.same(other.verdicts, ['1 pass'], 'the fourth waits')
  shared.leave(one)
  await turn()
  t.same(other.verdicts, ['1 pass', '2 pass'])
  shared.onNotes(other, [
    { kind: 'settle', id: 1, outcome: 'failed' },
    { kind: 'settle', id: 2, outcome: 'failed' },
    { kind: 'enter', id: 3, attempt },
    { kind: 'settle', id: 3, outcome: 'failed' },
    { kind: 'enter', id: 4, attempt },
    { kind: 'give-up', id: 9 },
  ])
  await turn()
  t.same(other.verdicts.slice(2), ['3 pass', '4 blocked'])
})
