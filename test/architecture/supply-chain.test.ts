/** What is installed: pinned by hash, from the registry, under known licences, and without code that runs meanwhile. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { codeWords, readText, root, tableRows } from './repository.ts'

interface Entry {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly license?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly libc?: readonly string[]
  readonly hasInstallScript?: boolean
}

const manifest = JSON.parse(readText('package.json'))
const lock = JSON.parse(readText('package-lock.json'))
const entries = Object.entries<Entry>(lock.packages).filter(([path]) => path !== '')
const inProduction = entries.filter(([, { dev }]) => !dev)
const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '')

/** Each allows use and passing on in a product under MIT, without more than naming it. */
const LICENCES = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0']

t.test('each package is pinned by a hash', async (t) => {
  t.ok(inProduction.length > 20)
  const withoutHash = entries.filter(
    ([, { integrity = '' }]) => !/^sha512-.{86}==$/.test(integrity),
  )
  // Programs of development for other machines than build servers; the registry that the lock file was made with has
  // no hashes of them. None is in the image.
  const isElsewhere = ({ dev, optional, os, libc }: Entry): boolean =>
    dev === true && optional === true && !(os?.includes('linux') && !libc?.includes('musl'))
  t.same(
    withoutHash.filter(([, entry]) => !isElsewhere(entry)),
    [],
  )
})

t.test('each package comes from the registry', async (t) => {
  const elsewhere = entries.filter(
    ([, { resolved, link }]) =>
      link || (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')),
  )
  t.same(elsewhere, [])
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies }
  for (const [name, version] of Object.entries(wanted))
    t.match(version, /^\d+\.\d+\.\d+$/, `${name}: an exact version, no range, address or file`)
  t.same(lock.packages[''].dependencies, manifest.dependencies, 'both files agree')
})

t.test(
  'decision 0012 has a row for each package that we ask for, and the number of all',
  async (t) => {
    const decision = readText('docs/decisions/0012-dependencies.md')
    const rows = tableRows(decision, 'Decision').map(([name = '', version = '']) => [
      name.replace(/ \(.*$/, ''),
      version.replace(/;.*$/, ''),
    ])
    const types = ['@types/node', '@types/http-proxy']
    t.same(
      codeWords(decision).filter((word) => word.startsWith('@types/')),
      types,
    )
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies }
    const expected = Object.entries(wanted).filter(([name]) => !types.includes(name))
    t.same([...rows].sort(), expected.sort())
    const [, counted] = /^- (\d+) packages are installed in production/m.exec(decision) ?? []
    t.equal(Number(counted), inProduction.length)
  },
)

t.test('nothing runs while it is installed', async (t) => {
  t.same(
    inProduction.filter(([, { hasInstallScript }]) => hasInstallScript),
    [],
  )
  const scripts = entries.filter(([, { hasInstallScript }]) => hasInstallScript)
  t.same(
    [...new Set(scripts.map(([path]) => nameOf(path)))].sort(),
    Object.keys(manifest.allowScripts).sort(),
  )
})

t.test('each licence of the image is known', async (t) => {
  t.same(
    inProduction.filter(([, { license = '' }]) => !LICENCES.includes(license)),
    [],
  )
})

t.test('the bill of materials names every package and Node', async (t) => {
  const make = (): string =>
    execFileSync(
      process.execPath,
      [join(root, 'docker/bill-of-materials.mjs'), join(root, 'package-lock.json')],
      { encoding: 'utf8' },
    )
  const bill = JSON.parse(make())
  const expected = inProduction.map(([path, { version }]) => `${nameOf(path)}@${version}`)
  const refs: readonly string[] = bill.components.map(
    (each: Record<string, unknown>) => each['bom-ref'],
  )
  t.same([...refs].sort(), [...new Set(expected), `node@${process.versions.node}`].sort())
  t.equal(bill.metadata.component.name, 'lyncgate')
  const node = bill.components.find(({ name }: { name: string }) => name === 'node')
  t.ok(node.components.some(({ name }: { name: string }) => name === 'openssl'))
  t.equal(make(), make(), 'the same each time')
  for (const { ref, dependsOn } of bill.dependencies)
    for (const each of [ref, ...dependsOn])
      t.ok([...refs, `lyncgate@${manifest.version}`].includes(each), each)
})
