/** CSV as Export-Csv writes it: comma, or the list separator of the country (-UseCulture); quotes doubled. */
import type { ExportedObject } from './exported-object.ts'
import { mostObjects } from './exported-object.ts'

const mostColumns = 500

/** The rows as objects; undefined: it is no CSV with a head of property names. */
export function readCsv(text: string): readonly ExportedObject[] | undefined {
  // Windows PowerShell writes the type above the head, unless -NoTypeInformation is given.
  const body = text.replace(/^#TYPE[^\n]*\n/, '')
  const delimiter = findDelimiter(body)
  if (delimiter === undefined) return undefined
  const [head, ...rows] = readRows(body, delimiter)
  if (!head || head.length < 2 || head.length > mostColumns) return undefined
  const names = head.map((name) => name.trim().toLowerCase())
  if (!names.every((name) => /^[a-z][\w ]*$/.test(name))) return undefined
  return rows
    .filter((cells) => cells.some((cell) => cell !== ''))
    .map((cells) => ({
      properties: new Map(names.map((name, column) => [name, cells[column] ?? ''])),
    }))
}

/** The one that comes first after a name, quoted or not. */
function findDelimiter(text: string): string | undefined {
  return /^\s*(?:"[A-Za-z]\w*"|[A-Za-z]\w*)[ ]*([,;\t])/.exec(text)?.[1]
}

function readRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  const endCell = (): void => {
    if (cells.length <= mostColumns) cells.push(cell)
    cell = ''
  }
  const endRow = (): void => {
    endCell()
    rows.push(cells)
    cells = []
  }
  for (let index = 0; index < text.length && rows.length < mostObjects; index += 1) {
    const character = text[index] ?? ''
    if (isQuoted) {
      if (character !== '"') cell += character
      else if (text[index + 1] === '"') {
        cell += '"'
        index += 1
      } else isQuoted = false
    } else if (character === '"' && cell === '') isQuoted = true
    else if (character === delimiter) endCell()
    else if (character === '\n') endRow()
    else if (character !== '\r') cell += character
  }
  if (cell !== '' || cells.length > 0) endRow()
  return rows
}
