import t from 'tap'
import { createRecorder, type LabRecord } from '../../../src/lab/records.ts'

const record = (request: number): LabRecord => ({
  server: 'fe01',
  connection: 1,
  request,
  secure: false,
  tlsServerName: undefined,
  method: 'GET',
  target: '/',
  httpVersion: '1.1',
  rawHeaders: [],
  outcome: 'pending',
  status: undefined,
  user: undefined,
  durationMs: undefined,
})

t.test('the last thousand are kept', async (t) => {
  const recorder = createRecorder()
  for (let request = 1; request <= 1005; request++) recorder.add(record(request))
  t.equal(recorder.records.length, 1000)
  t.equal(recorder.records[0]?.request, 6)
})

t.test('one can wait for what was, what comes, and what changes', async (t) => {
  const recorder = createRecorder()
  const coming = recorder.waitFor(({ request }) => request === 1)
  const entry = recorder.add(record(1))
  t.equal((await coming).request, 1)
  t.equal((await recorder.waitFor(({ request }) => request === 1)).request, 1)
  const answered = recorder.waitFor(({ outcome }) => outcome === 'answered')
  entry.update({ outcome: 'answered', status: 200 })
  t.equal((await answered).status, 200)
})
