/** The files of the repository as the tests of this folder read them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository, with a slash at the end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** A text file of the repository; the path is from its root, with slashes. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8')

const notOurs = new Set(['node_modules', 'dist', '.git', '.tap'])

/** Every file below a folder whose name has this ending. */
export function readFiles(folder: string, ending: string): readonly TextFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name))
    .flatMap((entry): readonly TextFile[] => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return readFiles(path, ending)
      return entry.isFile() && path.endsWith(ending) ? [{ path, text: readText(path) }] : []
    })
}

/** The folder of a source file below `src`, or the file itself where it stands in none: `main.ts`. */
export const folderOf = (path: string): string => path.split('/')[1] ?? ''

/** Comments out, so that a word in prose is not taken for code. Good enough for our own formatting. */
export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')

/** The rows of the Markdown tables below a heading (or of the whole page), cells trimmed, head rows left out. */
export function tableRows(markdown: string, heading?: string): readonly (readonly string[])[] {
  const text = heading === undefined ? markdown : sectionOf(markdown, heading)
  const lines = text.split('\n')
  return lines
    .filter((line, index) => {
      const isRule = (each: string | undefined): boolean => /^\|[-| :]+\|$/.test(each ?? '')
      return line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1])
    })
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
}

/** From a heading of the second level to the next one. */
function sectionOf(markdown: string, heading: string): string {
  const [, section] = markdown.split(`\n## ${heading}\n`)
  if (section === undefined) throw new Error(`there is no section "${heading}"`)
  return section.split('\n## ')[0] ?? ''
}

/** What stands in backticks in a text: `a`, `b`; blocks of code do not count. */
const withoutBlocks = (text: string): string => text.replace(/```[\s\S]*?```/g, '')

export const codeWords = (text: string): readonly string[] =>
  [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
