/**
 * XML as a tree of local names. The parser resolves no entity but the five of XML and loads nothing; documents with a
 * DOCTYPE are refused before it sees them, and so are those that are too deep or too large for a topology.
 */
import { parseXml, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml'
import { failed, ok, type Result } from '../base/result.ts'
import { type TopologyTrouble, trouble } from './trouble.ts'

export interface XmlNode {
  /** Without the prefix: versions of the product differ in namespaces, not in names. */
  readonly name: string
  /** By local name. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlNode[]
  /** The text directly inside. */
  readonly text: string
}

const deepest = 64
const mostElements = 200_000

/** Parses a whole document; the error says line and column. */
export function readXml(text: string): Result<XmlNode, TopologyTrouble> {
  const bound = boundsOf(text)
  if (bound) return failed(bound)
  try {
    const { root } = parseXml(text)
    return root ? ok(toNode(root)) : failed(trouble('is XML without an element'))
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    const [what = ''] = error.message.split('\n')
    const place = /\(line \d+, column \d+\)/.exec(what)?.[0] ?? ''
    const hint = 'it may be cut off or edited: export it again'
    return failed(trouble(`is XML, but not well-formed ${place}`.trimEnd(), hint))
  }
}

/** Local name of a name with or without prefix. */
const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

function toNode(element: XmlElement): XmlNode {
  const children: XmlNode[] = []
  let text = ''
  for (const child of element.children) {
    if (child instanceof XmlElement) children.push(toNode(child))
    else if (child instanceof XmlText) text += child.text
  }
  const attributes = new Map<string, string>()
  for (const [name, value] of Object.entries(element.attributes)) {
    // xmlns:x="…" and an attribute x="…" share a local name; namespaces say nothing here.
    if (!name.startsWith('xmlns')) attributes.set(localName(name), value)
  }
  return { name: localName(element.name), attributes, children, text }
}

/** One walk over the marks of the text. The parser calls itself for each level, so depth is measured before. */
function boundsOf(text: string): TopologyTrouble | undefined {
  let depth = 0
  let count = 0
  let at = text.indexOf('<')
  while (at !== -1) {
    const end = endOfMark(text, at)
    if (end === -1) return undefined
    const next = text[at + 1]
    if (next === '!' && isDoctype(text, at)) {
      const hint = 'no topology has one; entities are never resolved. Export it again'
      return trouble('is XML with a DOCTYPE', hint)
    }
    if (next === '/') depth -= 1
    else if (next !== '!' && next !== '?') {
      count += 1
      if (text[end - 1] !== '/') depth += 1
      if (depth > deepest) return trouble(`is XML of more than ${deepest} levels`)
      if (count > mostElements) return trouble(`is XML of more than ${mostElements} elements`)
    }
    at = text.indexOf('<', end)
  }
  return undefined
}

const isDoctype = (text: string, at: number): boolean =>
  text.slice(at, at + '<!DOCTYPE'.length).toUpperCase() === '<!DOCTYPE'

/** The index of the last character of a mark; -1: it has no end, and the parser will say so. */
function endOfMark(text: string, at: number): number {
  if (text.startsWith('<!--', at)) return lastOf(text, '-->', at + 4)
  if (text.startsWith('<![CDATA[', at)) return lastOf(text, ']]>', at)
  if (text.startsWith('<?', at)) return lastOf(text, '?>', at)
  if (isDoctype(text, at)) return at + 1
  let quote = ''
  for (let index = at + 1; index < text.length; index += 1) {
    const character = text[index] ?? ''
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '>') return index
  }
  return -1
}

function lastOf(text: string, ending: string, from: number): number {
  const found = text.indexOf(ending, from)
  return found === -1 ? -1 : found + ending.length - 1
}

/** The children of that name. */
export const childrenOf = (node: XmlNode | undefined, name: string): readonly XmlNode[] =>
  node?.children.filter((child) => child.name === name) ?? []

export const childOf = (node: XmlNode | undefined, name: string): XmlNode | undefined =>
  node?.children.find((child) => child.name === name)

/** Everything of that name below, in the order of the document. */
export function findAll(node: XmlNode, name: string): readonly XmlNode[] {
  const found: XmlNode[] = []
  const look = (each: XmlNode): void => {
    for (const child of each.children) {
      if (child.name === name) found.push(child)
      look(child)
    }
  }
  look(node)
  return found
}
