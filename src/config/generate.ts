/** Writes what is derived from the schema: the JSON Schema for editors and the reference page. */
import { writeFile } from 'node:fs/promises'
import { rulesJsonSchema } from './json-schema.ts'
import { writeReferencePage } from './reference-page.ts'

/** A file of the repository and what belongs into it. */
export interface GeneratedFile {
  readonly url: URL
  readonly text: string
}

/** Every derived file; a test compares them with those in the repository. */
export function generateFiles(): readonly GeneratedFile[] {
  const root = new URL('../../', import.meta.url)
  return [
    {
      url: new URL('config/lyncgate.schema.json', root),
      text: `${JSON.stringify(rulesJsonSchema(), undefined, 2)}\n`,
    },
    { url: new URL('docs/rules-reference.md', root), text: writeReferencePage() },
  ]
}

if (import.meta.main) {
  for (const { url, text } of generateFiles()) await writeFile(url, text)
}
