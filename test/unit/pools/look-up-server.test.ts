import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import t from 'tap'
import { createServerLookUp } from '../../../src/pools/look-up-server.ts'

const OLD: LookupAddress = { address: '192.0.2.1', family: 4 }
const NEW: LookupAddress = { address: '192.0.2.2', family: 4 }
const failure = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code })

/** A system whose answers the test gives. */
function start() {
  const asked: ((error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void)[] = []
  const lookUp = createServerLookUp((_name, _options, done) => void asked.push(done))
  const find = (own: LookupFunction = lookUp): Promise<unknown> =>
    new Promise((resolve) => {
      own('fe01.contoso.local', { all: true }, (error, found) => resolve(error?.code ?? found))
    })
  const answer = (...addresses: LookupAddress[]): void => asked.shift()?.(null, addresses)
  const fail = (code: string): void =>
    // As the system does it, without addresses.
    asked.shift()?.(failure(code), undefined as unknown as LookupAddress[])
  return { lookUp, find, asked, answer, fail }
}

t.test('one look-up for all who ask at the same time', async (t) => {
  const { find, asked, answer } = start()
  const found = [find(), find(), find()]
  t.equal(asked.length, 1)
  answer(OLD)
  t.same(await Promise.all(found), [[OLD], [OLD], [OLD]])
  const next = find()
  t.equal(asked.length, 1, 'and a new one for the next')
  answer(NEW)
  t.same(await next, [NEW])
})

t.test('one address for who wants one', async (t) => {
  const { lookUp, answer } = start()
  const found = new Promise((resolve) => {
    lookUp('fe01.contoso.local', {}, (error, address, family) => resolve([error, address, family]))
  })
  answer(OLD, NEW)
  t.same(await found, [null, OLD.address, 4])
})

t.test('no answer: the address of last time', async (t) => {
  const { find, asked, answer, fail } = start()
  const first = find()
  answer(OLD)
  await first
  t.same(await find(), [OLD], 'after a moment')
  t.equal(asked.length, 1)
  t.same(await find(), [OLD], 'and at once while that look-up still runs')
  t.equal(asked.length, 1)
  answer(NEW)
  const fresh = find()
  answer(NEW)
  t.same(await fresh, [NEW])
  const failed = find()
  fail('EAI_AGAIN')
  t.same(await failed, [NEW])
})

t.test('a name that is gone is gone', async (t) => {
  const { find, answer, fail } = start()
  const first = find()
  answer(OLD)
  await first
  const gone = find()
  fail('ENOTFOUND')
  t.equal(await gone, 'ENOTFOUND')
  const again = find()
  fail('EAI_AGAIN')
  t.equal(await again, 'EAI_AGAIN', 'and there is no last time')
  const empty = find()
  answer()
  t.equal(await empty, 'ENOTFOUND')
})
