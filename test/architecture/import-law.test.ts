import t from 'tap'
import { neighbours, order, packages } from './house-law.ts'
import { folderOf, readFiles, readText, withoutComments } from './repository.ts'

interface Import {
  readonly path: string
  readonly from: string
  readonly to: string
}

/** Static and dynamic imports, exports from elsewhere, and packages whose files are handed on. */
const importPattern =
  /(?:^\s*(?:import|export)\s(?:[^'";]*?\sfrom\s+)?|\bimport\(|\bimport\.meta\.resolve\()\s*'([^']+)'/gm

const imports: readonly Import[] = readFiles('src', '.ts').flatMap(({ path, text }) =>
  [...withoutComments(text).matchAll(importPattern)].map((match) => ({
    path,
    from: folderOf(path),
    to: match[1] ?? '',
  })),
)

const lineOf = (folder: string): number => order.findIndex((line) => line.includes(folder))

const targetOf = ({ path, to }: Import): string =>
  folderOf(new URL(to, `file:///${path}`).pathname.slice(1))

const inside = imports.filter(({ to }) => to.startsWith('.'))
const outside = imports.filter(({ to }) => !to.startsWith('.') && !to.startsWith('node:'))

t.test('there is something to look at', async (t) => {
  t.ok(inside.length > 100)
  t.ok(outside.some(({ to }) => to === 'fastify'))
  t.ok(inside.some(({ to }) => to === './config/load.ts' || to === '../config/load.ts'))
})

t.test('every folder has its line in the order', async (t) => {
  const folders = new Set(readFiles('src', '.ts').map(({ path }) => folderOf(path)))
  t.same(
    [...folders].filter((folder) => lineOf(folder) === -1),
    [],
  )
})

t.test('a folder imports only from lines above its own', async (t) => {
  const isAllowed = (each: Import): boolean => {
    const target = targetOf(each)
    if (target === each.from || lineOf(target) < lineOf(each.from)) return true
    return neighbours.some(({ from, to }) => from === each.from && to === target)
  }
  t.same(
    inside.filter((each) => !isAllowed(each)).map(({ path, to }) => `${path} imports ${to}`),
    [],
  )
})

t.test('no exception outlives its use, and each is between neighbours', async (t) => {
  for (const { from, to, reason } of neighbours) {
    const isUsed = inside.some((each) => each.from === from && targetOf(each) === to)
    t.ok(isUsed, `${from} imports ${to}: ${reason}`)
    t.equal(lineOf(from), lineOf(to))
  }
})

t.test('a package from outside is known to one place only', async (t) => {
  const isAtHome = ({ path, to }: Import): boolean =>
    packages.some(
      ({ name, homes }) => name === to && homes.some((home) => path.startsWith(`src/${home}`)),
    )
  t.same(
    outside.filter((each) => !isAtHome(each)).map(({ path, to }) => `${path} imports ${to}`),
    [],
  )
})

t.test('package.json names the packages that are imported, and no other', async (t) => {
  const manifest: unknown = JSON.parse(readText('package.json'))
  const { dependencies } = manifest as { dependencies: Record<string, string> }
  t.same(Object.keys(dependencies).sort(), packages.map(({ name }) => name).sort())
  t.same(
    packages.filter(({ name }) => !outside.some(({ to }) => to === name)),
    [],
  )
  for (const [name, version] of Object.entries(dependencies))
    t.match(version, /^\d+\.\d+\.\d+$/, `${name} has an exact version`)
})
