import t from 'tap'
import { failureOf, failures } from '../../src/base/failure.ts'
import { codeWords, readText, tableRows } from './repository.ts'

const page = readText('docs/errors.md')
const codes = Object.keys(failures) as (keyof typeof failures)[]
const sections = {
  client: "The client's side",
  backend: "The servers' side",
  proxy: 'The proxy itself',
}
const rows = Object.entries(sections).flatMap(([side, heading]) =>
  tableRows(page, heading).map(([code = '', status = '', seen = '', advice = '']) => ({
    side,
    code: codeWords(code)[0] ?? '',
    status,
    seen,
    advice,
  })),
)

t.test('docs/errors.md has the codes of the catalogue, no more and no fewer', async (t) => {
  t.same(rows.map(({ code }) => code).sort(), [...codes].sort())
})

for (const code of codes) {
  t.test(`${code} is documented as it is`, async (t) => {
    const failure = failureOf(code)
    const row = rows.find((each) => each.code === code)
    t.equal(row?.side, failure.side)
    t.equal(row?.status, failure.status === 0 ? 'none' : String(failure.status))
    if (failure.text !== '') t.equal(row?.seen, failure.text)
    t.ok((row?.advice.length ?? 0) > 20, 'there is advice')
  })
}

t.test('what the page says of all codes of a side is true', async (t) => {
  const sentence = /connection is closed after each of these, except after (.+)\./.exec(page)?.[1]
  const exceptions = codeWords(sentence ?? '')
  for (const code of codes) {
    const { side, closes, status, retryAfterSeconds } = failureOf(code)
    if (side === 'client') t.equal(closes, !exceptions.includes(code), code)
    if (side === 'backend') t.notOk(closes, code)
    if (side === 'backend' && status === 503) t.equal(retryAfterSeconds, 5, code)
    t.notOk([502, 403].includes(status), 'no status that makes mobile clients forget their address')
  }
})

t.test('docs/life-of-a-request.md knows every code', async (t) => {
  const told = new Set(codeWords(readText('docs/life-of-a-request.md')))
  t.same(
    codes.filter((code) => !told.has(code)),
    [],
  )
})
