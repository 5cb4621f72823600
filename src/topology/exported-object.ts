/** What PowerShell exports, whatever the format: objects with named properties. */

export type ExportedValue = string | readonly ExportedValue[] | ExportedObject

export interface ExportedObject {
  /** By name in lower case. */
  readonly properties: ReadonlyMap<string, ExportedValue>
}

/** More than any deployment has, for all three formats. */
export const mostObjects = 20_000

const isList = (value: ExportedValue): value is readonly ExportedValue[] => Array.isArray(value)

/** The text of a property; undefined: there is none, or it is no text. */
export function textOf(object: ExportedObject, name: string): string | undefined {
  const value = object.properties.get(name.toLowerCase())
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

/** The texts of a property that is a list: as such, or as Format-List writes one (`{a, b}`). */
export function textsOf(object: ExportedObject, name: string): readonly string[] {
  const value = object.properties.get(name.toLowerCase())
  if (value === undefined) return []
  if (typeof value !== 'string') {
    return isList(value) ? value.filter((each) => typeof each === 'string') : []
  }
  return value
    .replace(/^\s*\{|\}\s*$/g, '')
    .split(/[,;\s]+/)
    .filter((each) => each !== '')
}

/** The objects of a property. */
export function objectsOf(object: ExportedObject, name: string): readonly ExportedObject[] {
  const value = object.properties.get(name.toLowerCase())
  if (value === undefined || typeof value === 'string') return []
  const values = isList(value) ? value : [value]
  return values.filter((each): each is ExportedObject => typeof each === 'object' && !isList(each))
}

/** Whether a list was cut off when it was printed: `{a, b, c, d...}`. */
export function isCutOff(object: ExportedObject, name: string): boolean {
  const value = object.properties.get(name.toLowerCase())
  return typeof value === 'string' && /(?:\.\.\.|…)\}?\s*$/.test(value)
}

/** Whether the format wrote the name of a type where the values should be, as Export-Csv does with lists. */
export function isTypeName(object: ExportedObject, name: string): boolean {
  const value = object.properties.get(name.toLowerCase())
  return (
    typeof value === 'string' && /^(?:System|Microsoft)\.[\w.`]+(?:\[.*\])?$/.test(value.trim())
  )
}
