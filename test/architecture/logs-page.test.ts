import t from 'tap'
import { apiErrors } from '../../src/admin/api-error.ts'
import { traceDetails } from '../../src/cli/trace.ts'
import { w3cFields } from '../../src/observe/w3c-log.ts'
import { traceLimits } from '../../src/trace/trace-request.ts'
import { codeWords, readText, tableRows } from './repository.ts'

const logs = readText('docs/logs.md')
const trace = readText('docs/trace.md')

const rows = tableRows(logs, 'W3C fields')

t.test('the W3C fields of the page are those of the program, in the same order', async (t) => {
  t.same(
    rows.map(([field = '']) => codeWords(field)[0]),
    Object.keys(w3cFields),
  )
})

t.test('each key of JSON has its W3C field', async (t) => {
  const source = readText('src/observe/access-log.ts')
  const body = /export interface AccessRecord \{\n([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
  const keys = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1] ?? '')
  const said = new Set(rows.flatMap(([, key = '']) => codeWords(key)))
  t.same(
    keys.filter((key) => !said.has(key)),
    [],
  )
  said.delete('time')
  t.same(
    [...said].filter((key) => !keys.includes(key)),
    [],
  )
})

t.test('the options and bounds of a trace', async (t) => {
  const options = tableRows(trace, 'Options').map(([option = '']) => codeWords(option)[0])
  t.same(
    options,
    [...traceDetails.matchAll(/^ {2}(--[a-z]+)/gm)].map((match) => match[1]),
  )
  const bounds = Object.fromEntries(tableRows(trace, 'Bounds'))
  t.equal(bounds['traces at a time'], String(traceLimits.traces))
  t.match(bounds['exchanges of a trace'], traceLimits.exchanges.toLocaleString('en'))
  t.match(bounds['size of a trace'], `${traceLimits.bytes / 2 ** 20} MiB`)
  t.equal(bounds['time of a trace'], `${traceLimits.forMs / 3_600_000}h`)
  t.equal(bounds['one body'], `${traceLimits.bodyBytes / 1024} KiB`)
  t.ok('too-many-traces' in apiErrors)
})
