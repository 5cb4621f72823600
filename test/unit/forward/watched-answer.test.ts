import { Socket } from 'node:net'
import t from 'tap'
import type { BackendUser } from '../../../src/forward/backend-connection.ts'
import { WatchedAnswer } from '../../../src/forward/watched-answer.ts'

const head = {
  status: 401,
  reason: 'Unauthorized',
  fields: [],
  framing: 'length',
  contentLength: 2,
  keepsAlive: true,
} as const

function open(waitMs: number) {
  const heard: string[] = []
  const note = (what: string) => () => void heard.push(what)
  const user: BackendUser = {
    onInformation: note('information'),
    onHead: note('head'),
    onBody: note('body'),
    onComplete: note('complete'),
    onMalformed: note('malformed'),
    onConnectionLost: note('lost'),
    onSilence: note('silence'),
    onDrain: note('drain'),
    onReadEnd: note('read end'),
    onFault: note('fault'),
  }
  const seen: string[] = []
  const source = new Socket()
  const watch = {
    onHead: () => {
      seen.push('head')
      return waitMs
    },
    onBody: () => void seen.push('body'),
    onComplete: () => void seen.push('complete'),
  }
  return { answer: new WatchedAnswer(user, watch, source), heard, seen, source }
}

t.test('what is not held passes at once', async (t) => {
  const { answer, heard, seen, source } = open(0)
  answer.onInformation({ ...head, fields: [], status: 100 })
  answer.onHead({ ...head, fields: [] })
  answer.onBody(Buffer.from('no'))
  answer.onReadEnd()
  answer.onComplete([])
  answer.onMalformed('x')
  answer.onSilence()
  t.same(heard, ['information', 'head', 'body', 'read end', 'complete', 'malformed', 'silence'])
  t.same(seen, ['head', 'body', 'complete'])
  t.notOk(source.isPaused())
})

t.test('what is held comes later, in its order, and nothing more is read', async (t) => {
  const { answer, heard, seen, source } = open(5)
  const resumed = new Promise((resolve) => source.once('resume', resolve))
  answer.onHead({ ...head, fields: [] })
  answer.onBody(Buffer.from('no'))
  answer.onComplete([])
  answer.onConnectionLost('closed')
  answer.onSilence()
  answer.onDrain()
  t.same(heard, ['drain'], 'that is about the request')
  t.same(seen, ['head', 'body', 'complete'], 'the watch sees it at once')
  t.ok(source.isPaused())
  await resumed
  t.same(heard, ['drain', 'head', 'body', 'complete', 'lost'])
})

t.test('nobody waits any more', async (t) => {
  const { answer, heard } = open(1)
  answer.onHead({ ...head, fields: [] })
  answer.stop()
  const later = open(2)
  later.answer.onHead({ ...head, fields: [] })
  await new Promise((resolve) => later.source.once('resume', resolve))
  t.same(later.heard, ['head'])
  t.same(heard, [])
})
