/**
 * Makes the page and the picture anew from docs/performance.json: `node test/bench/render-page.ts`. With the JSON of a run of
 * some rows on the same machine as a word of the call, those take the place of what was there, and the page says so.
 */
import { readFileSync } from 'node:fs'
import { writePage } from './report/page.ts'
import { replaceRows } from './report/replace-rows.ts'
import type { Run } from './results.ts'

const readRun = (file: string | URL): Run => JSON.parse(readFileSync(file, 'utf8')) as Run
const run = readRun(new URL('../../docs/performance.json', import.meta.url))
const [later] = process.argv.slice(2)
writePage(later === undefined ? run : replaceRows(run, readRun(later)))
