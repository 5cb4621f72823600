import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { say } from '../../support/init-check.ts'
import {
  type Deployment,
  writeBuilder,
  writeCliXml,
  writeLists,
} from '../../support/topology-documents.ts'

const deployment: Deployment = {
  sipDomains: ['contoso.com'],
  pools: [
    {
      fqdn: 'pool01.contoso.local',
      site: 'M\u00fcnchen',
      version: 7,
      servers: ['fe01.contoso.local', 'fe02.contoso.local'],
      isDirector: false,
      externalHost: 'lyncweb.contoso.com',
      ports: { http: 8080, https: 4443 },
      published: { http: 80, https: 443 },
    },
  ],
  simpleUrls: [{ component: 'Meet', domain: 'contoso.com', urls: ['https://meet.contoso.com'] }],
}

const encodings: Readonly<Record<string, (text: string) => Buffer>> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a mark': (text) => Buffer.from(`\ufeff${text}`),
  'UTF-16 LE with a mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16 LE': (text) => Buffer.from(text, 'utf16le'),
  'UTF-16 BE with a mark': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  'UTF-16 BE': (text) => Buffer.from(text, 'utf16le').swap16(),
}

const documents = {
  'Topology Builder': writeBuilder(deployment).replace('encoding="utf-8"', 'encoding="utf-16"'),
  'a list': writeLists(deployment).trimStart(),
  CliXml: writeCliXml(deployment),
  'CliXml of a remote session': `#< CLIXML\n${writeCliXml(deployment)}`,
}

for (const [document, text] of Object.entries(documents)) {
  t.test(document, async (t) => {
    const place = t.testdir({})
    const file = join(place, 'named like nothing')
    for (const [encoding, encode] of Object.entries(encodings)) {
      for (const end of ['\n', '\r\n']) {
        writeFileSync(file, encode(text.replaceAll('\n', end)))
        const { code, stdout, stderr } = await say('init', '--topology', file, '--json')
        t.equal(code, 0, `${encoding} ${JSON.stringify(end)} ${stderr}`)
        t.match(
          stdout,
          '"servers": [\n        "fe01.contoso.local",\n        "fe02.contoso.local"',
          encoding,
        )
      }
    }
  })
}

t.test('a topology inside CliXml', async (t) => {
  const inner = writeBuilder(deployment).replace(/[<&]/g, (each) => `&#${each.charCodeAt(0)};`)
  const place = t.testdir({ xml: `<Objs><S>${inner.replaceAll('\n', '_x000A_')}</S></Objs>` })
  const { code, stdout } = await say('init', '--topology', join(place, 'xml'), '--json')
  t.equal(code, 0)
  t.match(stdout, '"kind": "builder"')
  const twice = `<Objs><S>${`<Objs><S>${inner}</S></Objs>`.replace(/[<&]/g, (each) => `&#${each.charCodeAt(0)};`)}</S></Objs>`
  writeFileSync(join(place, 'xml'), twice)
  t.equal((await say('init', '--topology', join(place, 'xml'), '--json')).code, 2)
})
