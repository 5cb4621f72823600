import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { readFiles, root } from './repository.ts'

const pages = readFiles('', '.md')

/** As GitHub makes them. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[`*_]/g, (mark) => (mark === '_' ? '_' : ''))
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#{1,6} (.+)$/gm)].map((match) => anchorOf(match[1] ?? ''))

const withoutCode = (text: string): string =>
  text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '')

t.test('there are pages', async (t) => {
  t.ok(pages.some(({ path }) => path === 'README.md'))
  t.ok(pages.length > 10)
})

for (const { path, text } of pages) {
  t.test(`the links of ${path} lead somewhere`, async (t) => {
    for (const [, link = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      t.ok(existsSync(join(root, target)), link)
      if (anchor === undefined) continue
      const page = pages.find((each) => each.path === target)
      t.ok(anchorsOf(page?.text ?? '').includes(anchor), link)
    }
  })
}

t.test('decisions are numbered without a gap, dated, and at most 40 lines', async (t) => {
  const decisions = pages
    .filter(({ path }) => path.startsWith('docs/decisions/'))
    .sort((one, other) => one.path.localeCompare(other.path))
  for (const [index, { path, text }] of decisions.entries()) {
    const number = String(index + 1).padStart(4, '0')
    t.match(path, new RegExp(`/${number}-[a-z0-9.-]+\\.md$`))
    t.ok(text.startsWith(`# ${number} `), `${path} begins with its number`)
    t.match(text, /^\d{4}-\d\d-\d\d$/m)
    t.ok(text.split('\n').length - 1 <= 40, `${path} is short`)
    for (const part of ['Situation', 'Decision', 'Consequences']) t.match(text, `\n## ${part}\n`)
  }
})

t.test('decisions and pages that the source refers to are there', async (t) => {
  for (const { path, text } of readFiles('src', '.ts')) {
    for (const [reference, number] of text.matchAll(/docs\/decisions\/(\d{4})/g)) {
      const isThere = pages.some((page) => page.path.startsWith(`docs/decisions/${number}-`))
      t.ok(isThere, `${path}: ${reference}`)
    }
    for (const [page] of text.matchAll(/docs\/[a-z-]+\.md/g))
      t.ok(existsSync(join(root, page)), `${path}: ${page}`)
  }
})
