/** The source makes no code from strings, and starts processes in one place only. */
import t from 'tap'
import { readFiles, withoutComments } from './repository.ts'

const sources = readFiles('src', '.ts').map(({ path, text }) => ({
  path,
  text: withoutComments(text),
}))

const found = (pattern: RegExp): readonly string[] =>
  sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)

/** What makes code at run time, or takes it from elsewhere. */
const patterns: Readonly<Record<string, RegExp>> = {
  eval: /\beval\s*\(/,
  'a function from a string': /\bFunction\s*\(|\.constructor\s*\(\s*['"`]/,
  'another context': /['"](?:node:)?vm['"]/,
  'a thread': /['"](?:node:)?worker_threads['"]/,
  'a timer with a string': /\bset(?:Timeout|Interval|Immediate)\s*\(\s*['"`]/,
  'an import by a computed name': /\bimport\s*\(\s*(?!['"])/,
  'native code': /\bdlopen\b|\.node['"]|['"]node:ffi['"]/,
  'a snapshot of the heap':
    /\b(?:writeHeapSnapshot|getHeapSnapshot|setHeapSnapshotNearHeapLimit)\b/,
  'a report on disk': /\breport\??\.writeReport\b/,
}

t.test('each pattern finds what it is for', async (t) => {
  const examples: readonly string[] = [
    'eval(text)',
    "new Function('a', text)",
    "import { Script } from 'node:vm'",
    "import { Worker } from 'node:worker_threads'",
    "setTimeout('go()', 1)",
    'await import(name)',
    "process.dlopen(module, 'x')",
    'v8.writeHeapSnapshot()',
    'process.report.writeReport()',
  ]
  for (const [index, pattern] of Object.values(patterns).entries())
    t.match(examples[index], pattern)
})

for (const [name, pattern] of Object.entries(patterns))
  t.test(`no ${name}`, async (t) => t.same(found(pattern), []))

t.test('processes are started for workers only', async (t) => {
  t.same(found(/child_process/), ['src/workers/worker-process.ts'])
  t.same(
    found(/['"]node:inspector['"]/),
    ['src/cli/warn-of-surroundings.ts'],
    'asked, never opened',
  )
})
