/** Makes the page and the picture anew from docs/performance.json, when only words have changed: `node test/bench/render-page.ts`. */
import { readFileSync } from 'node:fs'
import { writePage } from './report/page.ts'
import type { Run } from './results.ts'

const file = new URL('../../docs/performance.json', import.meta.url)
writePage(JSON.parse(readFileSync(file, 'utf8')) as Run)
