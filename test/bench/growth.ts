/** The arithmetic of growth: `node test/bench/growth.ts [FILE]`, FILE being the JSON of a run. */
import { readFileSync } from 'node:fs'
import { growthSection } from './report/growth-section.ts'
import type { Run } from './results.ts'

const file = process.argv[2] ?? new URL('../../docs/performance.json', import.meta.url)
const run = JSON.parse(readFileSync(file, 'utf8')) as Run
process.stdout.write(`${growthSection(run)}\n`)
