import t from 'tap'
import { emptyNames, maxLines, outsideFacts } from './house-law.ts'
import { readFiles, readText, withoutComments } from './repository.ts'

const sources = readFiles('src', '.ts')

/** What browsers run, as it is. */
const page = ['.js', '.css'].flatMap((ending) => readFiles('src/admin/page', ending))

t.test(`no source file is longer than ${maxLines} lines`, async (t) => {
  const long = [...sources, ...page.filter(({ path }) => path.endsWith('.js'))]
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > maxLines)
  t.same(long, [])
})

t.test('names are kebab-case and say something', async (t) => {
  const odd = sources.filter(({ path }) => {
    const steps = path.slice('src/'.length, -'.ts'.length).split('/')
    return steps.some(
      (step) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(step) || emptyNames.includes(step),
    )
  })
  t.same(
    odd.map(({ path }) => path),
    [],
  )
})

t.test('every source file says at its top what it is for', async (t) => {
  const silent = [...sources, ...page].filter(({ text }) => !/^(?:#!.*\n)?\/\*/.test(text))
  t.same(
    silent.map(({ path }) => path),
    [],
  )
})

t.test('the status page makes no markup and no code of texts', async (t) => {
  const ways =
    /innerHTML|outerHTML\s*=(?!=)|insertAdjacentHTML|document\.write|\beval\b|new Function|setHTML|DOMParser|srcdoc|createContextualFragment/
  t.same(
    page.filter(({ text }) => ways.test(withoutComments(text))).map(({ path }) => path),
    [],
  )
  const html = readText('src/admin/page/index.html')
  t.notMatch(html, /<style|\sstyle=|\son\w+=|javascript:|https?:/)
  for (const [, attributes = ''] of html.matchAll(/<script([^>]*)>/g))
    t.match(attributes, / src="\/page\//, 'no script stands in the page itself')
})

for (const { pattern, places } of outsideFacts) {
  const found = sources.filter(({ text }) => pattern.test(withoutComments(text)))
  t.test(`${pattern.source} stands only where it comes in`, async (t) => {
    const isListed = (path: string): boolean =>
      Object.keys(places).some((place) => path.startsWith(`src/${place}`))
    t.same(
      found.filter(({ path }) => !isListed(path)).map(({ path }) => path),
      [],
    )
    for (const [place, reason] of Object.entries(places))
      t.ok(
        found.some(({ path }) => path.startsWith(`src/${place}`)),
        `${place}: ${reason}`,
      )
  })
}

t.test('no type is silenced', async (t) => {
  const silencers = /@ts-(?:ignore|nocheck|expect-error)|:\s*any\b|\bas any\b/
  t.same(
    sources.filter(({ text }) => silencers.test(withoutComments(text))).map(({ path }) => path),
    [],
  )
})
