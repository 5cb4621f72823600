/**
 * The files of the status page, read once when the port opens. They are plain JavaScript: the source and the build have
 * the same ones, and nothing has to be made of them when somebody asks.
 */
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'

export interface PageFile {
  readonly contentType: string
  readonly bytes: Buffer
}

const folder = new URL('page/', import.meta.url)

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Charts come from the package as it is. */
const uplot = new URL('.', import.meta.resolve('uplot'))

/** By path: `/` is the page itself. */
export async function loadPage(): Promise<ReadonlyMap<string, PageFile>> {
  const names = (await readdir(folder)).filter((name) => extname(name) in CONTENT_TYPES)
  const own = names.map((name) => ({ name, url: new URL(name, folder) }))
  const foreign = [
    { name: 'uplot.js', url: new URL('uPlot.esm.js', uplot) },
    { name: 'uplot.css', url: new URL('uPlot.min.css', uplot) },
  ]
  const files = await Promise.all(
    [...own, ...foreign].map(async ({ name, url }) => {
      const contentType = CONTENT_TYPES[extname(name)] ?? ''
      const path = name === 'index.html' ? '/' : `/page/${name}`
      return [path, { contentType, bytes: await readFile(url) }] as const
    }),
  )
  return new Map(files)
}
