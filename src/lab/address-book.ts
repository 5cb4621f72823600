/** `/abs` (behind NTLM) and `/abs-open` (the same without): files with validators, ranges and compression. */

import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import { readRange } from './byte-range.ts'
import { answer, answerJson, type LabExchange } from './exchange.ts'
import { requireUser } from './ntlm.ts'
import { payloadStream } from './payload.ts'

/** The length of `F-0001.lsabs`. Its content is the payload from 0 to here. */
export const addressBookBytes = 8 * 1024 * 1024

const lastModified = 'Mon, 02 Nov 2026 01:30:00 GMT'
const addressBookEtag = '"8c6d1b0a44d71:0"'
const index = Array.from({ length: 2000 }, (_, row) => `person-${row}@contoso.com;+4930555${row}\n`)
const indexText = Buffer.from(index.join(''))
const indexEtag = `"${createHash('sha256').update(indexText).digest('hex').slice(0, 16)}`

/** `/abs`: as below, for users who have signed in to the connection by NTLM. */
export function addressBook(exchange: LabExchange): void | Promise<void> {
  return requireUser(exchange) && openAddressBook(exchange)
}

/** `/abs-open`: anonymous. */
export function openAddressBook(exchange: LabExchange): void | Promise<void> {
  switch (exchange.target.path.replace(/^\/abs(-open)?/, '')) {
    case '/handler':
    case '/':
    case '':
      return answerJson(exchange, { files: ['F-0001.lsabs', 'index.txt'] })
    case '/files/f-0001.lsabs':
      return sendFile(exchange)
    case '/files/index.txt':
      return sendIndex(exchange)
    default:
      return answer(exchange, { status: 404 })
  }
}

async function sendFile(exchange: LabExchange): Promise<void> {
  const { req, res } = exchange
  const range = ifRangeHolds(exchange) ? readRange(req.headers.range, addressBookBytes) : 'whole'
  res.setHeader('ETag', addressBookEtag)
  res.setHeader('Last-Modified', lastModified)
  res.setHeader('Accept-Ranges', 'bytes')
  if (req.headers['if-none-match'] === addressBookEtag) return answer(exchange, { status: 304 })
  if (range === 'unsatisfiable') {
    return answer(exchange, {
      status: 416,
      headers: { 'Content-Range': `bytes */${addressBookBytes}` },
    })
  }
  const { start, end } = range === 'whole' ? { start: 0, end: addressBookBytes } : range
  res.setHeader('Content-Type', 'application/octet-stream')
  res.setHeader('Content-Length', end - start)
  if (range !== 'whole') {
    res.statusCode = 206
    res.setHeader('Content-Range', `bytes ${start}-${end - 1}/${addressBookBytes}`)
  }
  if (req.method === 'HEAD') return void res.end()
  await pipeline(payloadStream(start, end), res)
}

/** A range is only good for the version it was begun with (RFC 9110, 13.1.5). */
function ifRangeHolds({ req }: LabExchange): boolean {
  const condition = req.headers['if-range']
  return condition === undefined || condition === addressBookEtag || condition === lastModified
}

/** Text that is compressed on request. Each coding has its own tag, as RFC 9110 (8.8.3.3) demands. */
function sendIndex(exchange: LabExchange) {
  const { req } = exchange
  const isCompressed = /\bgzip\b(?!;\s*q=0(\.0*)?(,|$))/i.test(
    String(req.headers['accept-encoding'] ?? ''),
  )
  const etag = `${indexEtag}${isCompressed ? '-gzip' : ''}"`
  const headers = { ETag: etag, 'Last-Modified': lastModified, Vary: 'Accept-Encoding' }
  if (req.headers['if-none-match'] === etag) return answer(exchange, { status: 304, headers })
  answer(exchange, {
    type: 'text/plain; charset=utf-8',
    headers: isCompressed ? { ...headers, 'Content-Encoding': 'gzip' } : headers,
    body: isCompressed ? gzipSync(indexText) : indexText,
  })
}
