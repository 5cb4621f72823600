/** Findings as a JUnit report, which build servers and monitoring read: one test case per finding. */
import { countVerdicts, type Finding } from './finding.ts'
import { visible } from './visible.ts'

/** The report as XML. A warning is a passed test with its text; `skip` is skipped. */
export function writeJunit(name: string, findings: readonly Finding[]): string {
  const title = visible(name, 200)
  const { fail, skip } = countVerdicts(findings)
  const cases = findings.map((each) => writeCase(title, each)).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${escapeXml(title)}" tests="${findings.length}" failures="${fail}" skipped="${skip}">
${cases}  </testsuite>
</testsuites>
`
}

function writeCase(title: string, finding: Finding): string {
  const { verdict, check, subject, seen } = finding
  const attributes = `classname="${escapeXml(title)}" name="${escapeXml(`${check}: ${subject}`)}"`
  const text = escapeXml(explain(finding))
  if (verdict === 'pass') return `    <testcase ${attributes}/>\n`
  if (verdict === 'skip')
    return `    <testcase ${attributes}><skipped message="${escapeXml(seen)}"/></testcase>\n`
  const inside =
    verdict === 'fail'
      ? `<failure message="${escapeXml(seen)}">${text}</failure>`
      : `<system-out>warning: ${text}</system-out>`
  return `    <testcase ${attributes}>${inside}</testcase>\n`
}

const explain = ({ seen, concerns, means, advice }: Finding): string =>
  [seen, concerns.length > 0 ? `concerns ${concerns.join(', ')}` : '', means ?? '', advice ?? '']
    .filter(Boolean)
    .join('\n')

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
