/** What clients really ask for passes: all of it in guard, all that is catalogued in strict. */
import t from 'tap'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'
import { PathPolicy } from '../../../src/policy/path-policy.ts'
import { findVirtualPatch } from '../../../src/policy/virtual-patches.ts'
import { realisticUrls } from '../../support/realistic-urls.ts'

for (const { kind, product, targets, optional } of realisticUrls) {
  t.test(`on ${kind} names`, async (t) => {
    t.ok(targets.length >= 60, `${targets.length} targets`)
    const settings = { product, kind, allow: [], deny: [] }
    const guard = new PathPolicy({ ...settings, mode: 'guard' })
    const strict = new PathPolicy({ ...settings, mode: 'strict' })
    for (const target of targets) {
      t.match(guard.decide(target), { kind: 'serve' }, `guard ${target}`)
      t.match(strict.decide(target), { kind: 'serve' }, `strict ${target}`)
    }
    for (const target of optional) {
      t.match(guard.decide(target), { kind: 'serve' }, `guard ${target}`)
      t.match(strict.decide(target), { kind: 'refuse' }, `strict ${target}`)
    }
  })
}

t.test('no virtual patch minds them', async (t) => {
  for (const target of realisticUrls.flatMap((each) => [...each.targets, ...each.optional])) {
    const question = { target, path: canonicalPath(target), isPublished: () => false }
    t.equal(findVirtualPatch(question), undefined, target)
  }
})
