/**
 * Turns YAML nodes into plain values and notes what YAML allows but a rules file cannot use: keys
 * written twice, keys that are no text, aliases that grow beyond all measure.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import type { Finding } from './finding.ts'
import type { KeyPath, Place } from './problem.ts'
import { quote } from './quote.ts'

/** A key and its value as nodes. */
export interface Entry {
  readonly key: Node
  readonly value: Node | undefined
}

/** What reading the nodes has brought to light. */
export interface ReadNodes {
  readonly value: unknown
  readonly findings: readonly Finding[]
  /** Not empty: there is no value to go on with. */
  readonly fatal: readonly Finding[]
  /** The entries of each map, by key; the first of two equal keys. */
  readonly entries: ReadonlyMap<YAMLMap, ReadonlyMap<string, Entry>>
  readonly aliases: ReadonlyMap<Alias, Node>
}

// Far beyond any rules file, far below what costs noticeable time or stack.
const deepest = 32
const mostThroughAliases = 50_000

interface Anchored {
  readonly node: Node
  readonly value: unknown
  /** Nodes below and including it, aliases written out. */
  readonly size: number
}

/** Reads the root map; `placeAt` turns an offset into line and column. */
export function readNodes(root: Node, placeAt: (offset: number) => Place): ReadNodes {
  const findings: Finding[] = []
  const fatal: Finding[] = []
  const entries = new Map<YAMLMap, Map<string, Entry>>()
  const aliases = new Map<Alias, Node>()
  const anchors = new Map<string, Anchored | 'open'>()
  const count = { nodes: 0, throughAliases: 0 }

  const placeOf = (node: Node): Place => placeAt(node.range?.[0] ?? 0)

  const read = (node: Node | null | undefined, path: KeyPath): unknown => {
    if (!node || fatal.length > 0) return null
    if (path.length > deepest) {
      const message = `lists or maps are nested deeper than ${deepest} levels`
      fatal.push({ code: 'too-deep', path, place: placeOf(node), message })
      return null
    }
    count.nodes += 1
    if (isAlias(node)) return readAlias(node, path)
    const before = count.nodes
    const { anchor } = node as { anchor?: string }
    // Open until it is read, so that an alias inside its own anchor is noticed.
    if (anchor !== undefined) anchors.set(anchor, 'open')
    const value = readPlain(node, path)
    if (anchor !== undefined) anchors.set(anchor, { node, value, size: count.nodes - before + 1 })
    return value
  }

  const readPlain = (node: Node, path: KeyPath): unknown => {
    if (isMap(node)) return readMap(node, path)
    if (isSeq(node)) return node.items.map((item, index) => read(asNode(item), [...path, index]))
    return isScalar(node) ? node.value : null
  }

  const readAlias = (alias: Alias, path: KeyPath): unknown => {
    const place = placeOf(alias)
    const anchored = anchors.get(alias.source)
    if (anchored === undefined) {
      fatal.push({ code: 'yaml-syntax', path, place, ...explainLooseAlias(alias) })
      return null
    }
    if (anchored === 'open') {
      const message = `${quote(`*${alias.source}`)} contains itself`
      fatal.push({ code: 'too-many-aliases', path, place, message })
      return null
    }
    aliases.set(alias, anchored.node)
    count.nodes += anchored.size
    count.throughAliases += anchored.size
    if (count.throughAliases > mostThroughAliases) {
      const message = `aliases stand for more than ${mostThroughAliases} values`
      fatal.push({ code: 'too-many-aliases', path, place, message })
    }
    return anchored.value
  }

  const readMap = (map: YAMLMap, path: KeyPath): Record<string, unknown> => {
    const known = new Map<string, Entry>()
    const value: Record<string, unknown> = {}
    entries.set(map, known)
    for (const pair of map.items) {
      const key = asNode(pair.key)
      if (!key) continue
      const name = isScalar(key) ? key.value : undefined
      // A key __proto__ would set the prototype of the map instead of an entry.
      if (typeof name !== 'string' || name === '__proto__') {
        findings.push({ code: 'bad-key', path, place: placeOf(key), ...explainBadKey(key) })
        continue
      }
      const first = known.get(name)
      if (first) {
        const message = `${quote(name)} is written twice here`
        const hint = `the first is on line ${placeOf(first.key).line}`
        findings.push({
          code: 'duplicate-key',
          path: [...path, name],
          place: placeOf(key),
          message,
          hint,
        })
        continue
      }
      const entry = asNode(pair.value)
      known.set(name, { key, value: entry })
      value[name] = read(entry, [...path, name])
    }
    return value
  }

  return { value: read(root, []), findings, fatal, entries, aliases }
}

function asNode(item: unknown): Node | undefined {
  return isMap(item) || isSeq(item) || isScalar(item) || isAlias(item) ? item : undefined
}

function explainBadKey(key: Node): { message: string; hint?: string } {
  if (!isScalar(key)) return { message: 'a key is text, not a list, map or alias' }
  if (key.value === null) return { message: 'a key is empty' }
  const message = `${quote(key.source ?? key.value)} cannot be a key`
  if (typeof key.value === 'string') return { message }
  return { message, hint: `put it in quotes: ${quote(key.source ?? String(key.value))}` }
}

function explainLooseAlias(alias: Alias): { message: string; hint: string } {
  const written = `*${alias.source}`
  const hint = alias.source.startsWith('.')
    ? `put the host in quotes: ${quote(written)}`
    : 'put text that starts with * in quotes'
  return { message: `${quote(written)} points to no anchor`, hint }
}
