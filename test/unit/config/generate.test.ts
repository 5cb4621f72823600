import { readFileSync } from 'node:fs'
import t from 'tap'
import { generateFiles } from '../../../src/config/generate.ts'
import type { SchemaNode } from '../../../src/config/json-schema.ts'
import { describeRules, findKnownKeys, findSchemaNode } from '../../../src/config/json-schema.ts'

for (const { url, text } of generateFiles()) {
  const name = url.pathname.split('/').at(-1)
  t.test(`${name} is what npm run generate writes`, async (t) => {
    t.equal(readFileSync(url, 'utf8'), text)
  })
}

t.test('every key has a help text', async (t) => {
  const visit = (node: SchemaNode, path: string): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      t.match(child.description, /^.+\.$/s, `${path}${key}`)
      for (const part of [child, child.items, child.additionalProperties || undefined]) {
        for (const form of [part, ...(part?.anyOf ?? [])]) {
          if (form) visit(form, `${path}${key}.`)
        }
      }
    }
  }
  visit(describeRules(), '')
})

t.test('words of ours stay out of the published schema', async (t) => {
  const published = generateFiles().find(({ url }) => url.pathname.endsWith('.json'))
  t.notMatch(published?.text, /defaultText|lowest|highest/)
  t.match(published?.text, /"default": "16m"/)
})

t.test('a key is found by its path', async (t) => {
  t.match(findSchemaNode(['pools', 'any', 'servers', 3, 'weight']), { minimum: 1, maximum: 256 })
  t.same(findKnownKeys(['pools', 'any', 'servers', 3]), [
    'address',
    'http',
    'https',
    'weight',
    'drain',
  ])
  t.equal(findSchemaNode(['nowhere', 'at', 'all']), undefined)
  t.equal(findSchemaNode(['toString']), undefined)
  t.same(findKnownKeys(['version']), [])
})
