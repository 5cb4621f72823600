/**
 * A path costs a few steps for each of its characters, however it is made. Steps are counted, not timed: those of the
 * source by V8's block counters, and expressions by what they are: none has a quantifier that could backtrack.
 */
import { readFileSync } from 'node:fs'
import { type Profiler, Session } from 'node:inspector/promises'
import t from 'tap'

// Only what is compiled after this has counters in its loops.
const session = new Session()
session.connect()
await session.post('Profiler.enable')
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
t.teardown(() => session.disconnect())
const { canonicalPath } = await import('../../../src/policy/canonical-path.ts')
const { PathPolicy } = await import('../../../src/policy/path-policy.ts')

const directory = new URL('../../../src/policy/', import.meta.url)
const LENGTH = 60_000
const repeat = (piece: string, rest = ''): string =>
  `/${piece.repeat(Math.floor(LENGTH / piece.length))}${rest}`

const hostile: Readonly<Record<string, string>> = {
  'dots before a letter': repeat('.', 'x'),
  'blanks before a letter': repeat('. ', 'x'),
  'escaped blanks': repeat('%20', 'x'),
  'dot segments': repeat('../', 'cscp'),
  'dot segments, escaped twice': repeat('%252e%252e/', 'cscp'),
  'open sessions': repeat('(S('),
  'sessions without an end': repeat('(S(x)'),
  sessions: repeat('(S(x))'),
  percent: repeat('%25'),
  'percent signs': repeat('%'),
  'escapes of escapes': repeat('%2525252'),
  'full-width letters': repeat('%ef%bd%83'),
  'letters that grow': repeat('\xef\xb7\xba'),
  'accents without a letter': repeat('\xcc\x81'),
  'invalid bytes': repeat('\xff'),
  'short names': repeat('a~1/', '..'),
  'names of directories': repeat('cscp/', '..'),
  slashes: repeat('/'),
  backslashes: repeat('\\'),
  streams: repeat(':'),
  'plain names': repeat('a/'),
  'one plain name': repeat('a'),
  'plain, but for the end': repeat('a/', '%'),
}
/** As long as a path may be before it is refused for its length alone. */
const longest = Object.entries(hostile).map(
  ([title, target]) => [`${title}, not too long`, target.slice(0, 12_288)] as const,
)

t.test('steps grow with the length only', async (t) => {
  const many = Array.from({ length: 100 }, (_, at) => `/denied${at}/x`)
  const policy = new PathPolicy({
    mode: 'strict',
    product: 'skype-2015',
    kind: 'web-services',
    allow: many.map((path) => path.replace('denied', 'allowed')),
    deny: many,
  })
  for (const [title, target] of [...Object.entries(hostile), ...longest]) {
    const steps = await countSteps(() => policy.decide(target))
    t.ok(steps < 16 * target.length + 1000, `${title}: ${steps} for ${target.length}`)
  }
})

t.test('short names are compared with each path of the rule once', async (t) => {
  const paths = 100
  const deny = Array.from({ length: paths }, (_, at) => `/denied-${at}/x`)
  const policy = new PathPolicy({
    mode: 'strict',
    product: 'skype-2015',
    kind: 'web-services',
    allow: [],
    deny,
  })
  const names = 250
  for (const piece of ['/a~1', '/denied~1', '/denied~1/x%20', '/ocspow~9']) {
    const target = `${piece.repeat(piece.includes('%') ? names / 2 : names)}/..`
    const steps = await countSteps(() => policy.decide(target))
    t.ok(steps < 20 * names * (paths + 20), `${piece}: ${steps}`)
  }
})

t.test('the counters count', async (t) => {
  const steps = await countSteps(() => canonicalPath(`/${'a'.repeat(LENGTH)}`))
  t.ok(steps >= LENGTH, String(steps))
})

t.test('readings are few', async (t) => {
  for (const [title, target] of [...Object.entries(hostile), ...longest]) {
    const path = canonicalPath(target)
    if (path.ok) t.ok(path.readings.length <= 40, `${title}: ${path.readings.length}`)
  }
})

t.test('no expression that reads a path can backtrack', async (t) => {
  let seen = 0
  for (const name of [
    'canonical-path.ts',
    'plain-path.ts',
    'read-path.ts',
    'look-alikes.ts',
    'path-index.ts',
    'meeting-link.ts',
    'path-policy.ts',
  ]) {
    const code = readFileSync(new URL(name, directory), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\/\/.*$/gm, '')
      .replace(/'(?:[^'\\\n]|\\.)*'/g, "''")
    for (const [literal] of code.matchAll(/\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g)) {
      seen++
      const bare = literal.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x')
      t.notMatch(bare, /[*+]|\{\d+,\}/, `${name}: ${literal}`)
    }
  }
  t.ok(seen >= 8, `${seen} expressions`)
})

/** Blocks of src/policy that were entered. */
async function countSteps(run: () => unknown): Promise<number> {
  await session.post('Profiler.takePreciseCoverage')
  run()
  const { result } = (await session.post(
    'Profiler.takePreciseCoverage',
  )) as Profiler.TakePreciseCoverageReturnType
  return result
    .filter(({ url }) => url.startsWith(directory.href))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0)
}
