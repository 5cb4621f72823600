/** How tests start `lyncgate` as a process of its own. */
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/**
 * For `spawn('env', …)`. Without what the test runner preloads (NODE_OPTIONS): workers may not do what that wants to do in
 * them.
 */
export const mainWords = (...args: readonly string[]): string[] => [
  '-u',
  'NODE_OPTIONS',
  process.execPath,
  main,
  ...args,
]
