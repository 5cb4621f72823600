/** Finds the place of a key or value in the file. */
import { isAlias, isMap, isSeq, type Node } from 'yaml'
import type { ReadNodes } from './plain-value.ts'
import type { KeyPath, Place } from './problem.ts'

type Locate = (path: KeyPath, at?: 'key' | 'value') => Place

interface Step {
  readonly key: Node | undefined
  readonly value: Node | undefined
}

/** Makes the function that answers where something stands. */
export function createLocator(
  root: Node,
  nodes: Pick<ReadNodes, 'entries' | 'aliases'>,
  placeAt: (offset: number) => Place,
): Locate {
  const follow = (node: Node | undefined): Node | undefined =>
    isAlias(node) ? nodes.aliases.get(node) : node

  const descend = (from: Node | undefined, step: string | number): Step | undefined => {
    const node = follow(from)
    if (isMap(node)) return nodes.entries.get(node)?.get(String(step))
    if (!isSeq(node) || typeof step !== 'number') return undefined
    const item = node.items[step]
    return item === undefined ? undefined : { key: undefined, value: item as Node }
  }

  return (path, at = 'value') => {
    let found: Step = { key: undefined, value: root }
    for (const step of path) {
      const next = descend(found.value, step)
      // What is missing is missing from the map or list reached so far, so that one is shown.
      if (!next) return placeAt(startOf(found.value ?? found.key))
      found = next
    }
    const { key, value } = found
    return placeAt(startOf(at === 'key' ? (key ?? value) : (value ?? key)))
  }
}

const startOf = (node: Node | undefined): number => node?.range?.[0] ?? 0
