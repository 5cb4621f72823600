/** Reads the rules file, bounded, and says plainly why it cannot be read. */
import { type FileHandle, open } from 'node:fs/promises'
import { failed, ok, type Result } from '../base/result.ts'
import type { Finding } from './finding.ts'
import type { ProblemCode } from './problem-codes.ts'
import { quote } from './quote.ts'

/** The largest rules file in bytes; ten thousand rules fit. */
export const largestFileBytes = 2 ** 20

/** The text of a UTF-8 file, or the one thing that is wrong with it. */
export async function readRulesFile(path: string): Promise<Result<string, Finding>> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    return await readFrom(file, path)
  } catch (error) {
    return failed(trouble('file-unreadable', `${quote(path)} ${explain(error)}`))
  } finally {
    await file?.close()
  }
}

async function readFrom(file: FileHandle, path: string): Promise<Result<string, Finding>> {
  const status = await file.stat()
  if (status.isDirectory()) {
    const hint = 'name the rules file inside it'
    return failed({ ...trouble('file-unreadable', `${quote(path)} is a directory`), hint })
  }
  // One byte more than allowed tells a file that is too large, also where the size is not known.
  const buffer = Buffer.alloc(largestFileBytes + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) break
    length += bytesRead
  }
  if (length > largestFileBytes) {
    return failed(trouble('file-too-large', `${quote(path)} is larger than 1 MiB`))
  }
  return decode(buffer.subarray(0, length), path)
}

function decode(bytes: Buffer, path: string): Result<string, Finding> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    const isUtf16 = /^(?:\u00ff\u00fe|\u00fe\u00ff)/.test(bytes.toString('latin1', 0, 2))
    const message = `${quote(path)} is ${isUtf16 ? 'UTF-16' : 'not UTF-8'} text`
    return failed({ ...trouble('file-not-utf8', message), hint: 'save it as UTF-8' })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory',
  ENAMETOOLONG: 'is too long for a file name',
}

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? `cannot be read${code && ` (${code})`}`
}

function trouble(code: ProblemCode, message: string): Finding {
  return { code, path: [], message }
}
