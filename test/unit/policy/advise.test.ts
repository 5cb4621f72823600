import { readdirSync } from 'node:fs'
import t from 'tap'
import { loadRules, parseRules } from '../../../src/config/load.ts'
import { adviseOnAllow } from '../../../src/policy/advise.ts'
import { internalDirectories } from '../../../src/policy/catalogue.ts'

const rule = (publish: string, more: string): string =>
  `  - { name: ${publish} of POOL, publish: ${publish}, hosts: [${publish}.POOL.example], pool: POOL, ${more} }\n`

function advise(product: string, rules: string, top = '') {
  const parsed = parseRules(
    `version: 1
listeners: [{ name: internet, http: 80, https: 443 }]
certificates: [{ cert: a, key: b }]
pools:
  pool01: { product: ${product}, servers: [fe01] }
rules:
${rules.replaceAll('POOL', 'pool01')}${top}`,
    'rules.yaml',
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return adviseOnAllow(parsed.value.rules)
}

const openedBy = (path: string, publish = 'web-services', product = 'skype-se') =>
  advise(product, rule(publish, `allow: ["${path}"]`)).map(({ message }) => message)

t.test('an internal directory is named, and what it is', async (t) => {
  const rules =
    rule('meet', 'deny: [/x]') + rule('web-services', 'allow: [/abs, /Cscp/, /scheduler]')
  t.same(advise('skype-se', rules), [
    {
      ruleIndex: 1,
      listIndex: 1,
      message: '"/cscp" opens what is internal only: /cscp (Control Panel)',
      hint: 'leave it out: no client outside needs it',
    },
  ])
})

t.test('every internal directory is known, in every mode', async (t) => {
  for (const product of ['lync-2010', 'skype-se', 'other'] as const) {
    for (const { path, title } of internalDirectories(product)) {
      const top = 'policy: { paths: observe }\n'
      const [advice] = advise(product, rule('web-services', `allow: [${path}]`), top)
      t.match(advice?.message, `: ${title} (`, `${product} ${path}`)
    }
  }
})

t.test('above, below, and spelt in another way', async (t) => {
  t.match(openedBy('/cscp/logs'), [/: \/cscp \(/])
  t.match(openedBy('/ocspow~1'), [/: \/OcsPowerShell \(/])
  t.match(openedBy('/contoso.com/admin'), [/: \/Admin \(/])
  t.match(openedBy('/contoso.com'), [/: \/Admin \(/])
  t.match(openedBy('/op', 'office-web-apps', 'office-web-apps'), [/: \/op\/generate\.aspx \(/])
  t.match(openedBy('/PowerShell', 'exchange', 'exchange'), [/: \/PowerShell \(/])
})

t.test('what is not internal needs no advice', async (t) => {
  for (const path of [
    '/abs',
    '/Scheduler',
    '/RequestHandlerExt',
    '/büro',
    '/a b',
    '/cscpx',
    '/x/cscp',
  ]) {
    t.same(openedBy(path), [], path)
  }
  t.same(openedBy('/op/view.aspx', 'office-web-apps', 'office-web-apps'), [])
  t.same(openedBy('/admin', 'anything', 'other'), [], 'another product may have such a directory')
})

t.test('what the rule denies is not open', async (t) => {
  const rules = rule('office-web-apps', 'allow: [/op], deny: [/op/generate.aspx]')
  t.same(advise('office-web-apps', rules), [])
})

t.test('device updates are for phones', async (t) => {
  for (const path of ['/RequestHandler', '/RequestHandler/Files/UCPhone']) {
    t.match(advise('skype-se', rule('web-services', `allow: [${path}]`)), [
      { message: /\/RequestHandler \(Device updates inside\)/, hint: /phones: true/ },
    ])
    t.same(advise('skype-se', rule('web-services', `allow: [${path}], phones: true`)), [])
  }
  t.match(advise('skype-se', rule('web-services', 'allow: [/cscp], phones: true')), [
    { listIndex: 0 },
  ])
})

t.test('the examples need no advice', async (t) => {
  const directory = new URL('../../../config/', import.meta.url)
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.yaml'))) {
    const loaded = await loadRules(new URL(name, directory).pathname)
    t.same(loaded.ok && adviseOnAllow(loaded.value.rules), [], name)
  }
})
