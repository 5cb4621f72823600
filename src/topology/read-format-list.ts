/** Text as Format-List prints it: `Name : value`, an empty line between objects, long values on further lines. */
import { type ExportedObject, mostObjects } from './exported-object.ts'

const linePattern = /^[ \t]*([A-Za-z]\w{0,63})[ \t]*:(?:[ \t]+(.*)|[ \t]*(\S.*)?)$/

/** The objects; none: there is no such line. */
export function readFormatList(text: string): readonly ExportedObject[] {
  const objects: ExportedObject[] = []
  let properties = new Map<string, string>()
  let last = ''
  let lastColumn = 0
  const endObject = (): void => {
    if (properties.size > 0) objects.push({ properties })
    properties = new Map()
    last = ''
  }
  for (const line of text.split(/\r?\n|\r/)) {
    if (objects.length >= mostObjects) break
    if (line.trim() === '') {
      endObject()
      continue
    }
    const indent = line.length - line.trimStart().length
    if (last !== '' && indent > 0 && indent >= lastColumn) {
      properties.set(last, continueValue(properties.get(last) ?? '', line.trim()))
      continue
    }
    const match = linePattern.exec(line)
    if (!match) continue
    const name = (match[1] ?? '').toLowerCase()
    // Objects that nobody parted by an empty line.
    if (properties.has(name)) endObject()
    properties.set(name, (match[2] ?? match[3] ?? '').trim())
    last = name
    lastColumn = Math.max(2, line.indexOf(':') + 1)
  }
  endObject()
  return objects
}

/** Values are wrapped after a comma, or in the middle of what has no blank. */
const continueValue = (value: string, more: string): string =>
  value.endsWith(',') ? `${value} ${more}` : value + more
