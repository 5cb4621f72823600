/** The rules file as YAML: plain values for the checks, and the place of each for the problems. */
import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { failed, ok, type Result } from '../base/result.ts'
import type { Finding } from './finding.ts'
import { createLocator } from './locate.ts'
import { readNodes } from './plain-value.ts'
import type { KeyPath, Place } from './problem.ts'
import { quote } from './quote.ts'
import { findStrayCharacters, listSyntaxErrors } from './syntax-errors.ts'

export interface RulesDocument {
  /** Maps, lists and scalars as written, without defaults. */
  readonly raw: unknown
  /** Mistakes that do not hide the rest, such as a key written twice. */
  readonly findings: readonly Finding[]
  /** The place of a value or key; of the nearest thing around it that exists, if it does not. */
  readonly locate: (path: KeyPath, at?: 'key' | 'value') => Place
}

/** Reads YAML text; the error holds the findings where there is nothing to go on with. */
export function readDocument(text: string): Result<RulesDocument, readonly Finding[]> {
  const stray = findStrayCharacters(text)
  if (stray.length > 0) return failed(stray)

  const lines = new LineCounter()
  const document = parse(text, lines)
  const placeAt = (offset: number): Place => toPlace(lines, offset)
  const syntax = listSyntaxErrors({ document, text, placeAt })
  if (syntax.length > 0) return failed(syntax)

  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    return failed([whole('file-empty', 'the file says nothing')])
  }
  if (!isMap(contents)) {
    const message = `the file is ${quote(contents.toJSON())}, not keys with values`
    return failed([{ ...whole('not-a-map', message), place: placeAt(contents.range?.[0] ?? 0) }])
  }

  const nodes = readNodes(contents, placeAt)
  if (nodes.fatal.length > 0) return failed(nodes.fatal)
  const locate = createLocator(contents, nodes, placeAt)
  return ok({ raw: nodes.value, findings: nodes.findings, locate })
}

const parse = (text: string, lineCounter: LineCounter): Document =>
  parseDocument(text, {
    lineCounter,
    // Positions come from the counter, and messages stay one sentence.
    prettyErrors: false,
    // The library compares every key with every other; `readNodes` needs one look each.
    uniqueKeys: false,
    // Named, so that a %YAML 1.1 directive cannot turn `off` into false.
    schema: 'core',
    resolveKnownTags: false,
    // 'silent' would also be silent about a second document.
    logLevel: 'error',
  })

function toPlace(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

/** A finding about the whole file. */
const whole = (code: 'file-empty' | 'not-a-map', message: string): Finding => ({
  code,
  path: [],
  place: { line: 1, column: 1 },
  message,
  hint: 'start with "version: 1"; config/ has examples',
})
