import { readFileSync } from 'node:fs'
import t from 'tap'
import { plainHttpDefaults } from '../../../src/config/plain-http-defaults.ts'
import { catalogue } from '../../../src/policy/catalogue.ts'
import { generateCataloguePage, writeCataloguePage } from '../../../src/policy/catalogue-page.ts'
import { PathPolicy } from '../../../src/policy/path-policy.ts'

const page = writeCataloguePage()
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| `/'))
  .map((line) => line.slice(2, -2).split(' | '))

t.test('virtual-directories.md is what npm run generate writes', async (t) => {
  const { url, text } = generateCataloguePage()
  t.match(url.pathname, /\/docs\/virtual-directories\.md$/)
  t.equal(readFileSync(url, 'utf8'), text)
})

t.test('every directory has one row', async (t) => {
  t.same(rows.map(([title]) => title).sort(), catalogue.map(({ title }) => `\`${title}\``).sort())
})

t.test('every kind has its default of plain HTTP', async (t) => {
  for (const [kind, { action, source }] of Object.entries(plainHttpDefaults)) {
    t.match(page, `| \`${kind}\` | \`${action}\` | ${source} |\n`, kind)
  }
})

t.test('products are ranges', async (t) => {
  const rangeOf = (title: string) => rows.find(([first]) => first === `\`${title}\``)?.[2]
  t.equal(rangeOf('/abs'), 'all')
  t.equal(rangeOf('/ucwa'), 'since Lync 2013')
  t.equal(rangeOf('/mcx'), 'until Skype for Business 2015')
  t.equal(rangeOf('/Conf'), 'Lync 2010')
  t.equal(rangeOf('/PersistentChat'), 'Lync 2013 to Skype for Business 2015')
})

t.test('guard and strict do what the page says', async (t) => {
  for (const { title, path, products, kinds } of catalogue) {
    const row = rows.find((each) => each[0] === `\`${title}\`` && isOf(products, each))
    const [guard, strict] = row?.slice(-4) ?? []
    for (const product of products) {
      for (const kind of kinds.length > 0 ? kinds : (['web-services'] as const)) {
        const decide = (mode: 'guard' | 'strict', allow: readonly string[] = []) =>
          new PathPolicy({ mode, product, kind, allow, deny: [] }).decide(path).kind
        t.equal(decide('guard'), guard === 'served' ? 'serve' : 'refuse', `${product} ${path}`)
        t.equal(decide('strict'), strict === 'served' ? 'serve' : 'refuse', `${product} ${path}`)
        t.equal(decide('strict', [path]), 'serve', `${product} ${path}`)
      }
    }
  }
})

/** /Autodiscover is there twice: only the rows of Lync have a range of products. */
const isOf = (products: readonly string[], row: readonly string[]): boolean =>
  (row.length === 9) === products.some((product) => /^(lync|skype)/.test(product))
