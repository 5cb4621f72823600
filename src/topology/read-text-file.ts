/** Reads a file that was exported on Windows: bounded, in the encodings that PowerShell and Topology Builder write. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { failed, ok, type Result } from '../base/result.ts'
import { exportHint, type TopologyTrouble, trouble } from './trouble.ts'

/** The largest file in bytes. A pool takes about 30 KB; hundreds fit. */
export const largestSourceBytes = 8 * 2 ** 20

/** The text of the file without byte order mark, or why there is none. */
export async function readTextFile(path: string): Promise<Result<string, TopologyTrouble>> {
  let file: FileHandle | undefined
  try {
    const status = await stat(path)
    if (status.isDirectory()) {
      return failed(trouble('is a folder', 'name the file inside it'))
    }
    // A pipe without a writer would be waited for without end.
    if (!status.isFile()) return failed(trouble('is not a file', exportHint))
    file = await open(path, 'r')
    return await readFrom(file)
  } catch (error) {
    return failed(explain(error))
  } finally {
    await file?.close()
  }
}

async function readFrom(file: FileHandle): Promise<Result<string, TopologyTrouble>> {
  const parts: Buffer[] = []
  let length = 0
  while (length <= largestSourceBytes) {
    // Grows with what is there: what stat said may be old.
    const part = Buffer.alloc(64 * 1024)
    const { bytesRead } = await file.read(part, 0, part.length, null)
    if (bytesRead === 0) return decodeText(Buffer.concat(parts))
    parts.push(part.subarray(0, bytesRead))
    length += bytesRead
  }
  const size = largestSourceBytes / 2 ** 20
  return failed(trouble(`is larger than ${size} MiB`, `no topology is: ${exportHint}`))
}

const zipHint =
  'Export-CsConfiguration writes a ZIP file, which is not read. In the Management Shell: ' +
  'Get-CsTopology -AsXml | Set-Content topology.xml -Encoding UTF8'

const otherFiles: readonly (readonly [start: string, name: string, hint: string])[] = [
  ['PK\u0003', 'a ZIP file', zipHint],
  ['PK\u0005', 'a ZIP file', zipHint],
  ['%PDF-', 'a PDF file', exportHint],
  ['\u001f\u008b', 'a gzip file', exportHint],
  ['\u00d0\u00cf\u0011\u00e0', 'an old Office file', exportHint],
  ['MZ', 'a program', exportHint],
]

/**
 * Text of UTF-8, or UTF-16 by its byte order mark. Out-File and > of Windows PowerShell write UTF-16, Topology Builder
 * UTF-8 with a mark. Without one, UTF-16 is known by its zeros.
 */
export function decodeText(bytes: Uint8Array): Result<string, TopologyTrouble> {
  const start = Buffer.from(bytes.subarray(0, 64)).toString('latin1')
  const other = otherFiles.find(([first]) => start.startsWith(first))
  if (other) return failed(trouble(`is ${other[1]}`, other[2]))
  const text = decode(bytes, encodingOf(start))
  if (text === undefined) {
    const hint = 'save it as UTF-8: Set-Content -Encoding UTF8'
    return failed(trouble('is neither UTF-8 nor UTF-16 text', hint))
  }
  if (text.trim() === '') return failed(trouble('is empty'))
  if (/(?![\t\n\v\f\r\u0080-\u009f])\p{Cc}/u.test(text)) return failed(trouble('is not text'))
  return ok(text)
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

function encodingOf(start: string): Encoding {
  if (start.startsWith('\u00ff\u00fe')) return 'utf-16le'
  if (start.startsWith('\u00fe\u00ff')) return 'utf-16be'
  const zeros = [...start.slice(0, 4)].map((character) => (character === '\0' ? '0' : 'x')).join('')
  if (zeros === 'x0x0') return 'utf-16le'
  return zeros === '0x0x' ? 'utf-16be' : 'utf-8'
}

function decode(bytes: Uint8Array, encoding: Encoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ENAMETOOLONG: 'is too long for a file name',
  ELOOP: 'is a link to itself',
}

function explain(error: unknown): TopologyTrouble {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const message = reasons[code] ?? `cannot be read${code && ` (${code})`}`
  return trouble(message, 'check the path, and that you may read it')
}
