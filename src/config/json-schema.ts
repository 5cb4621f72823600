/** The JSON Schema of a rules file, made from the zod schema; also how other files look up a key. */
import { z } from 'zod'
import type { KeyPath } from './problem.ts'
import { rulesSchema } from './schema.ts'

/** The part of JSON Schema that a rules file needs, and three words of ours for the documentation. */
export interface SchemaNode {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly items?: SchemaNode
  readonly additionalProperties?: SchemaNode | false
  readonly anyOf?: readonly SchemaNode[]
  /** A default that depends on other keys, in words. */
  readonly defaultText?: string
  /** The limits of a duration or size, as written. */
  readonly lowest?: string
  readonly highest?: string
}

let described: SchemaNode | undefined

/** The schema with our own words in it. Made once, and only when somebody asks. */
export function describeRules(): SchemaNode {
  described ??= z.toJSONSchema(rulesSchema, { io: 'input' }) as SchemaNode
  return described
}

/** The schema for editors: draft 2020-12, without our own words. */
export function rulesJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(rulesSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      for (const word of ['defaultText', 'lowest', 'highest']) delete jsonSchema[word]
    },
  })
}

/** What the schema says of a place in the file; undefined where it knows nothing. */
export function findSchemaNode(path: KeyPath): SchemaNode | undefined {
  let node: SchemaNode | undefined = describeRules()
  for (const step of path) {
    node = typeof step === 'number' ? node?.items : findKey(node, step)
    if (!node) return undefined
  }
  return node
}

/** The keys a map in this place may have. */
export function findKnownKeys(path: KeyPath): readonly string[] {
  return Object.keys(asMap(findSchemaNode(path))?.properties ?? {})
}

function findKey(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  const map = asMap(node)
  const properties = map?.properties ?? {}
  if (Object.hasOwn(properties, key)) return properties[key]
  return map?.additionalProperties || undefined
}

/** The node itself, or the one of several forms that is a map. */
function asMap(node: SchemaNode | undefined): SchemaNode | undefined {
  return node?.anyOf?.find((form) => form.type === 'object') ?? node
}
