/** The version of this lyncgate. */
import { readFileSync } from 'node:fs'

/** Read from package.json, which stands as far above `dist` as above `src`. */
export function productVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
