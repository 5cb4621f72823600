import t from 'tap'
import { troubleSeverities } from '../../src/certificates/trouble.ts'
import { codeWords, readText, tableRows } from './repository.ts'

t.test(
  'docs/tls-and-certificates.md has every problem of a certificate, with its severity',
  async (t) => {
    const rows = tableRows(readText('docs/tls-and-certificates.md'), 'Problems')
    t.same(
      rows.map(([code = '', severity]) => [codeWords(code)[0], severity]),
      Object.entries(troubleSeverities),
    )
  },
)
