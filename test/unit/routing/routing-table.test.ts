import t from 'tap'
import type { Route } from '../../../src/pipeline/route.ts'
import { RoutingTable } from '../../../src/routing/routing-table.ts'

const entry = (pattern: string, rule = pattern): [string, Route] => [pattern, { rule } as Route]

const table = new RoutingTable([
  entry('*.contoso.com'),
  entry('meet.contoso.com'),
  entry('meet.contoso.com', 'a later rule'),
  entry('*.eu.contoso.com'),
  entry('*.contoso.com', 'a later rule'),
  entry('[2001:db8::1]'),
])

const found: readonly [name: string, rule: string | undefined][] = [
  ['meet.contoso.com', 'meet.contoso.com'],
  ['dialin.contoso.com', '*.contoso.com'],
  ['meet.eu.contoso.com', '*.eu.contoso.com'],
  ['eu.contoso.com', '*.contoso.com'],
  ['contoso.com', undefined],
  ['a.b.contoso.com', undefined],
  ['.contoso.com', undefined],
  ['evilcontoso.com', undefined],
  ['meet.contoso.com.evil.example', undefined],
  ['[2001:db8::1]', '[2001:db8::1]'],
  ['[2001:db8::2]', undefined],
  ['com', undefined],
  ['', undefined],
  ['__proto__', undefined],
]

for (const [name, rule] of found) {
  t.test(`${name || 'no name'}: ${rule ?? 'no rule'}`, async (t) => {
    t.equal(table.match(name)?.rule, rule)
  })
}
