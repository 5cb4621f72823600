/** CliXml, as Export-Clixml writes it: `Objs`, and in it `Obj` with properties, lists and plain values. */
import { type ExportedObject, type ExportedValue, mostObjects } from './exported-object.ts'
import type { XmlNode } from './read-xml.ts'

/** The objects of a document, and the plain texts beside them. */
export interface CliXml {
  readonly objects: readonly ExportedObject[]
  readonly texts: readonly string[]
}

/** Reads the root element `Objs`. */
export function readCliXml(root: XmlNode): CliXml {
  const values = flatten(root.children.map(readValue)).slice(0, mostObjects)
  return {
    objects: values.filter((value): value is ExportedObject => typeof value === 'object'),
    texts: values.filter((value) => typeof value === 'string'),
  }
}

/** Export-Clixml -InputObject $all writes one list instead of its elements. */
const flatten = (values: readonly ExportedValue[]): (ExportedObject | string)[] =>
  values.flatMap((value) => {
    if (typeof value === 'string') return [value]
    return 'properties' in value ? [value] : flatten(value)
  })

/** MS-PSRP 2.2.5: properties in Props and MS, lists in LST, IE, STK and QUE, text elsewhere. */
const listNames: readonly string[] = ['LST', 'IE', 'STK', 'QUE']

function readValue(node: XmlNode): ExportedValue {
  if (node.name === 'Nil') return ''
  if (node.name !== 'Obj') return decodeCliXmlText(node.text)
  const properties = new Map<string, ExportedValue>()
  let list: readonly ExportedValue[] | undefined
  let text = ''
  for (const child of node.children) {
    if (child.name === 'Props' || child.name === 'MS') readProperties(child, properties)
    else if (listNames.includes(child.name)) list = child.children.map(readValue)
    else if (child.name === 'ToString') text = decodeCliXmlText(child.text)
    // The value of an enumeration or a wrapped plain type.
    else if (/^(?:S|I16|I32|I64|U16|U32|U64|By|B|URI|Version)$/.test(child.name)) {
      text ||= decodeCliXmlText(child.text)
    }
  }
  if (list) return list
  return properties.size > 0 ? { properties } : text
}

function readProperties(node: XmlNode, properties: Map<string, ExportedValue>): void {
  for (const child of node.children) {
    const name = child.attributes.get('N')
    if (name === undefined) continue
    properties.set(decodeCliXmlText(name).toLowerCase(), readValue(child))
  }
}

/** `_x000D_` and alike stand for characters that XML does not carry. */
const decodeCliXmlText = (text: string): string =>
  text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
