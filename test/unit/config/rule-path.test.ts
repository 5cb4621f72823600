import t from 'tap'
import { parseRulePath, rulePathPattern } from '../../../src/config/rule-path.ts'
import { canonicalPath } from '../../../src/policy/canonical-path.ts'
import { fc } from '../../support/property.ts'

const parse = (text: string) => parseRulePath(text, 'root')

t.test('paths get one spelling', async (t) => {
  const written = {
    '/Scheduler/': '/scheduler',
    '/CertProv/CertProvisioningService.svc/Anon': '/certprov/certprovisioningservice.svc/anon',
    '/contoso.com/Admin': '/contoso.com/admin',
    '/a b/Ü': '/a b/ü',
    '/ﬁles': '/files',
    '/reports(2024)': '/reports(2024)',
  }
  for (const [text, value] of Object.entries(written)) {
    t.same(parse(text), { ok: true, value }, text)
    t.match(text, rulePathPattern, 'editors accept it')
  }
})

t.test('a hint is a path that is accepted', async (t) => {
  const pieces = fc.constantFrom('/', '.', ' ', '*', '\\', '?', '#', ':', ';', '%', 'a', 'Ⅳ', '／')
  const anything = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(pieces).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(anything, (text) => {
      const parsed = parse(text)
      const meant = parsed.ok ? undefined : /^write (".*")$/.exec(parsed.error.hint ?? '')?.[1]
      return meant === undefined || parse(JSON.parse(meant) as string).ok || meant.includes('…')
    }),
    { numRuns: 3000 },
  )
  t.pass('for all of them')
})

t.test('no accepted path is lost on the way to the comparison', async (t) => {
  const characters = fc.constantFrom(...'/.()S~ aÜıK-_$@,=&é日'.split(''))
  const paths = fc.array(characters, { minLength: 1 }).map((all) => `/${all.join('')}`)
  fc.assert(
    fc.property(paths, (text) => {
      const parsed = parse(text)
      if (!parsed.ok) return true
      const target = Buffer.from(text, 'utf8').toString('latin1')
      const path = canonicalPath(target)
      // What the characters look like is read as well, but never instead.
      return (
        path.ok &&
        path.readings.every(
          ({ segments, isFolded }) => isFolded || `/${segments.join('/')}` === parsed.value,
        )
      )
    }),
    { numRuns: 3000 },
  )
  t.pass('for all of them')
})

t.test('whatever is accepted is accepted again and stays the same', async (t) => {
  const text = fc.string({ unit: 'grapheme' }).map((rest) => `/${rest}`)
  fc.assert(
    fc.property(text, (path) => {
      const first = parse(path)
      if (!first.ok) return true
      const again = parse(first.value)
      return again.ok && again.value === first.value
    }),
    { numRuns: 2000 },
  )
  t.pass('for all of them')
})

t.test('everything is not a path', async (t) => {
  for (const text of ['/', '//', '/*', '*', '/a/..', '\\', '/?a', '/#', '/.']) {
    t.match(parse(text), { ok: false, error: { code: 'bad-path', hint: 'root' } }, text)
  }
})

t.test('a path has an end', async (t) => {
  t.match(parse(`/${'a'.repeat(199)}`), { ok: true })
  t.match(parse(`/${'a'.repeat(200)}`), { ok: false, error: { code: 'out-of-range' } })
})
