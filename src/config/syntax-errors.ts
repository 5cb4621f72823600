/** What keeps a file from being YAML, in the words of an administrator. */
import type { Document, YAMLError } from 'yaml'
import type { Finding } from './finding.ts'
import type { Place } from './problem.ts'
import { escapeHidden } from './quote.ts'

interface Source {
  readonly document: Document
  readonly text: string
  readonly placeAt: (offset: number) => Place
}

/** Characters that no text file has: an editor would not show them, and YAML lets some through. */
export function findStrayCharacters(text: string): readonly Finding[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  const stray = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/
  return text.split('\n').flatMap((line, index) => {
    const found = stray.exec(line)
    if (!found) return []
    const number = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
    const message = `the line contains the control character U+${number}`
    const place = { line: index + 1, column: found.index + 1 }
    return [{ code: 'control-character', path: [], place, message, hint: 'delete it' } as const]
  })
}

/** One finding for each line with an error; the errors that follow on a line only echo the first. */
export function listSyntaxErrors(source: Source): readonly Finding[] {
  const { document, text, placeAt } = source
  const exhausted = document.errors.find((error) => error.code === 'RESOURCE_EXHAUSTION')
  if (exhausted) {
    const place = placeAt(exhausted.pos[0])
    return [{ code: 'too-deep', path: [], place, message: 'lists or maps are nested too deep' }]
  }
  const lines = text.split('\n')
  const byLine = new Map<number, Finding>()
  for (const error of [...document.errors, ...document.warnings]) {
    const place = placeAt(error.pos[0])
    if (byLine.has(place.line)) continue
    byLine.set(place.line, explain(error, place, lines[place.line - 1] ?? ''))
  }
  return [...byLine.values()]
}

function explain(error: YAMLError, place: Place, line: string): Finding {
  const message = messages[error.code] ?? lowerFirst(escapeHidden(error.message.slice(0, 160)))
  return { code: 'yaml-syntax', path: [], place, message, hint: () => findHint(error, line) }
}

// The library begins its sentences with a capital, our messages do not.
const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const messages: Partial<Record<YAMLError['code'], string>> = {
  BAD_SCALAR_START: 'a value without quotes begins with a reserved character',
  BLOCK_AS_IMPLICIT_KEY: 'a colon makes a key of something that cannot be one',
  MULTIPLE_DOCS: 'a second document begins here',
  TAB_AS_INDENT: 'the line is indented with a tab',
}

const hints: Partial<Record<YAMLError['code'], string>> = {
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put a value that contains ": " in quotes',
  MULTIPLE_DOCS: 'a rules file is one document: delete the line "---"',
  TAB_AS_INDENT: 'use spaces',
  TAG_RESOLVE_FAILED: 'leave out the tag, the word that starts with "!"',
}

function findHint(error: YAMLError, line: string): string | undefined {
  const written = line.replace(/(^|\s)#.*$/, '')
  if (/\{sipDomain\}/i.test(written)) return 'put the host in quotes: "meet.{sipDomain}"'
  if (/(^|\s|\[)::/.test(written)) return 'put the IPv6 address in quotes: "::"'
  return hints[error.code]
}
